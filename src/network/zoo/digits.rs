//! Trained networks that come with the library.

use super::ZooError;
use crate::network::Network;

/// The numbers of hidden layers and of units in each, and the file.
const FILES: [(&str, &[u8]); 6] = [
    ("2x30", include_bytes!("../../../data/networks/digits-2x30.safetensors")),
    ("3x20", include_bytes!("../../../data/networks/digits-3x20.safetensors")),
    ("4x15", include_bytes!("../../../data/networks/digits-4x15.safetensors")),
    ("5x12", include_bytes!("../../../data/networks/digits-5x12.safetensors")),
    ("6x10", include_bytes!("../../../data/networks/digits-6x10.safetensors")),
    ("10x6", include_bytes!("../../../data/networks/digits-10x6.safetensors")),
];

/// A network of 60 hidden units, trained on the digits: `2x30`, `3x20`, `4x15`, `5x12`, `6x10` or `10x6`, layers x units in a layer.
///
/// Its inputs are the 64 pixels, each n/16, and its outputs one number for each of the ten digits. `data/train.py` trained it.
///
/// # Errors
/// The shape is not one of these.
pub(super) fn digits(shape: &str) -> Result<Network, ZooError> {
    let file = FILES.iter().find(|(name, _)| *name == shape);
    let (_, bytes) =
        file.ok_or_else(|| ZooError::Syntax { text: format!("digits:{shape}"), form: "digits:2x30, 3x20, 4x15, 5x12, 6x10 or 10x6" })?;
    // The reader's notes on facts that the files do not contain are not needed here.
    Ok(Network::from_safetensors(bytes).expect("the embedded files are well-formed").with_notes(Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_network_has_sixty_hidden_units() {
        for (name, _) in FILES {
            let network = digits(name).unwrap();
            assert_eq!((network.inputs(), network.hidden_units(), network.outputs()), (64, 60, 10), "{name}");
        }
    }
}
