//! Points and segments in .npz: any bytes, and whole archives of any arrays, are read or refused.
#![no_main]

mod archive;

use libfuzzer_sys::fuzz_target;
use plica::data::{npz_from_bytes, segments_from_bytes};

fuzz_target!(|bytes: &[u8]| {
    let _ = npz_from_bytes(bytes);
    let _ = segments_from_bytes(bytes);
    let _ = npz_from_bytes(&archive::of_pieces(&["X", "y"], bytes));
    let _ = segments_from_bytes(&archive::of_pieces(&["P", "Q"], bytes));
});
