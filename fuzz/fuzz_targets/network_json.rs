//! Networks in JSON: any bytes are read or refused, and what is read survives writing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plica::network::read::json_from_bytes;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(network) = json_from_bytes(bytes) {
        let written = serde_json::to_vec(&network).expect("networks are JSON");
        assert_eq!(json_from_bytes(&written).ok().as_ref(), Some(&network));
    }
});
