//! Points in IDX: any bytes are read or refused, with every kind of pixels.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plica::data::{Pixels, idx_from_bytes};

fuzz_target!(|bytes: &[u8]| {
    for pixels in [Pixels::Exact, Pixels::F32, Pixels::Raw] {
        let _ = idx_from_bytes(bytes, pixels);
    }
});
