//! Networks in .npz: any bytes, and whole archives of any arrays, are read or refused.
#![no_main]

mod archive;

use libfuzzer_sys::fuzz_target;
use plica::network::read::npz_from_bytes;

fuzz_target!(|bytes: &[u8]| {
    let _ = npz_from_bytes(bytes);
    let _ = npz_from_bytes(&archive::of_pieces(&["W0", "b0", "W1", "b1"], bytes));
});
