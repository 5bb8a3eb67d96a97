//! Networks in JSON: any bytes are read or refused, and what is read survives writing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plica::network::Network;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(network) = Network::from_json(bytes) {
        let written = serde_json::to_vec(&network).expect("networks are JSON");
        assert_eq!(Network::from_json(&written).ok().as_ref(), Some(&network));
    }
});
