//! Networks in `.onnx`: any bytes are read or refused, and what is read can be evaluated.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plica::network::Network;
use rug::Rational;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(network) = Network::from_onnx(bytes) {
        if network.inputs() <= 64 && network.multiplications() <= 1 << 14 && network.nodes().iter().all(|node| node.len() <= 1 << 10) {
            let outputs = network.evaluate(&vec![Rational::from((1, 3)); network.inputs()]).expect("a point of the right dimension");
            assert_eq!(outputs.len(), network.outputs());
        }
    }
});
