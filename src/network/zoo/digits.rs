//! Trained networks that come with the library.

use super::ZooError;
use crate::network::Network;

/// The networks with ReLU: the numbers of hidden layers and of units in each, and the file.
const RELU: [(&str, &[u8]); 6] = [
    ("2x30", include_bytes!("../../../data/networks/digits-2x30.safetensors")),
    ("3x20", include_bytes!("../../../data/networks/digits-3x20.safetensors")),
    ("4x15", include_bytes!("../../../data/networks/digits-4x15.safetensors")),
    ("5x12", include_bytes!("../../../data/networks/digits-5x12.safetensors")),
    ("6x10", include_bytes!("../../../data/networks/digits-6x10.safetensors")),
    ("10x6", include_bytes!("../../../data/networks/digits-10x6.safetensors")),
];

/// Those with other activations. Their files are `.onnx`, because `.safetensors` does not say which activation it is.
const SMOOTH: [(&str, &[u8]); 12] = [
    ("gelu:2x30", include_bytes!("../../../data/networks/digits-gelu-2x30.onnx")),
    ("gelu:3x20", include_bytes!("../../../data/networks/digits-gelu-3x20.onnx")),
    ("gelu:4x15", include_bytes!("../../../data/networks/digits-gelu-4x15.onnx")),
    ("gelu:5x12", include_bytes!("../../../data/networks/digits-gelu-5x12.onnx")),
    ("gelu:6x10", include_bytes!("../../../data/networks/digits-gelu-6x10.onnx")),
    ("gelu:10x6", include_bytes!("../../../data/networks/digits-gelu-10x6.onnx")),
    ("tanh:2x30", include_bytes!("../../../data/networks/digits-tanh-2x30.onnx")),
    ("tanh:3x20", include_bytes!("../../../data/networks/digits-tanh-3x20.onnx")),
    ("tanh:4x15", include_bytes!("../../../data/networks/digits-tanh-4x15.onnx")),
    ("tanh:5x12", include_bytes!("../../../data/networks/digits-tanh-5x12.onnx")),
    ("tanh:6x10", include_bytes!("../../../data/networks/digits-tanh-6x10.onnx")),
    ("tanh:10x6", include_bytes!("../../../data/networks/digits-tanh-10x6.onnx")),
];

/// A network of 60 hidden units, trained on the digits: `2x30`, `3x20`, `4x15`, `5x12`, `6x10` or `10x6`, layers x units in a layer; with
/// GELU or tanh instead of ReLU: `gelu:3x20`, `tanh:3x20`.
///
/// Its inputs are the 64 pixels, each n/16, and its outputs one number for each of the ten digits. `data/train.py` trained it.
///
/// # Errors
/// The name is not one of these.
pub(super) fn digits(name: &str) -> Result<Network, ZooError> {
    let in_list = |list: &[(&str, &'static [u8])]| list.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes);
    let network = match (in_list(&RELU), in_list(&SMOOTH)) {
        // The reader's notes on facts that the files do not contain are not needed here.
        (Some(bytes), _) => Network::from_safetensors(bytes).map(|network| network.with_notes(Vec::new())),
        (_, Some(bytes)) => Network::from_onnx(bytes),
        _ => {
            let form = "digits:2x30, 3x20, 4x15, 5x12, 6x10 or 10x6, with gelu: or tanh: before it, as in digits:gelu:3x20";
            return Err(ZooError::Syntax { text: format!("digits:{name}"), form });
        }
    };
    Ok(network.expect("the embedded files are well-formed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Operation, Smooth};

    #[test]
    fn every_embedded_network_has_sixty_hidden_units() {
        for (name, _) in RELU.iter().chain(&SMOOTH) {
            let network = digits(name).unwrap();
            assert_eq!((network.inputs(), network.hidden_units(), network.outputs()), (64, 60, 10), "{name}");
            let (layers, width) = name.rsplit(':').next().unwrap().split_once('x').unwrap();
            assert_eq!(network.shape(), format!("64-{}10", format!("{width}-").repeat(layers.parse().unwrap())), "{name}");
            assert!(network.notes().is_empty());
        }
    }

    #[test]
    fn the_name_says_the_activation() {
        for (name, _) in SMOOTH {
            let expected = if name.starts_with("gelu") { Smooth::Gelu } else { Smooth::Tanh };
            let network = digits(name).unwrap();
            let found = network.nodes().iter().filter_map(|node| match &node.operation {
                Operation::Smooth { function, .. } => Some(function.clone()),
                _ => None,
            });
            assert_eq!(found.collect::<Vec<_>>(), vec![expected; network.depth()], "{name}");
        }
        for name in ["gelu", "gelu:", "gelu:3x21", "relu:3x20", "3x20:gelu"] {
            assert!(digits(name).unwrap_err().to_string().contains("digits:gelu:3x20"), "{name}");
        }
    }
}
