//! Networks in .npz: any bytes, and whole archives of any arrays, are read or refused.
#![no_main]

mod archive;

use libfuzzer_sys::fuzz_target;
use plica::network::Network;

fuzz_target!(|bytes: &[u8]| {
    let _ = Network::from_npz(bytes);
    let _ = Network::from_npz(&archive::of_pieces(&["W0", "b0", "W1", "b1"], bytes));
});
