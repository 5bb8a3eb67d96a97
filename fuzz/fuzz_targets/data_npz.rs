//! Points and segments in .npz: any bytes, and whole archives of any arrays, are read or refused.
#![no_main]

mod archive;

use libfuzzer_sys::fuzz_target;
use plica::data::Points;

fuzz_target!(|bytes: &[u8]| {
    let _ = Points::from_npz(bytes);
    let _ = Points::segments_from_npz(bytes);
    let _ = Points::from_npz(&archive::of_pieces(&["X", "y"], bytes));
    let _ = Points::segments_from_npz(&archive::of_pieces(&["P", "Q"], bytes));
});
