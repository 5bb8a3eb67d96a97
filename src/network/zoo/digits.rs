//! Trained networks that come with the library.

use super::ZooError;
use crate::network::Network;

/// Hidden layers x units a layer, and the file.
const FILES: [(&str, &[u8]); 6] = [
    ("2x30", include_bytes!("../../../data/networks/digits-2x30.safetensors")),
    ("3x20", include_bytes!("../../../data/networks/digits-3x20.safetensors")),
    ("4x15", include_bytes!("../../../data/networks/digits-4x15.safetensors")),
    ("5x12", include_bytes!("../../../data/networks/digits-5x12.safetensors")),
    ("6x10", include_bytes!("../../../data/networks/digits-6x10.safetensors")),
    ("10x6", include_bytes!("../../../data/networks/digits-10x6.safetensors")),
];

/// A network of 60 hidden units, trained on the digits: `2x30`, `3x20`, `4x15`, `5x12`, `6x10` or `10x6`, layers x units a layer.
///
/// It takes the 64 pixels, each n/16, and gives one number for each of the ten digits. `data/train.py` trained it.
///
/// # Errors
/// Another shape.
pub(super) fn digits(shape: &str) -> Result<Network, ZooError> {
    let file = FILES.iter().find(|(name, _)| *name == shape);
    let (_, bytes) =
        file.ok_or_else(|| ZooError::Syntax { text: format!("digits:{shape}"), form: "digits:2x30, 3x20, 4x15, 5x12, 6x10 or 10x6" })?;
    // What the files do not say is known of these.
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
