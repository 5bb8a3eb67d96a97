//! Networks in .safetensors: any bytes are read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = plica::network::Network::from_safetensors(bytes);
});
