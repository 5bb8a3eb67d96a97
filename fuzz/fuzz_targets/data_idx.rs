//! Points in IDX: any bytes are read or refused, with every kind of pixels.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plica::data::{Pixels, Points};

fuzz_target!(|bytes: &[u8]| {
    for pixels in [Pixels::Exact, Pixels::F32, Pixels::Raw] {
        let _ = Points::from_idx(bytes, pixels);
    }
});
