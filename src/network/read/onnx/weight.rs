//! Estimates the memory of a decoded file before it is decoded. A list of empty messages takes a hundred times its bytes in the file.

use super::proto;

/// The approximate number of bytes of a text or a list, without its elements.
const LIST: usize = 48;

/// The kinds of messages that contain messages or lists.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    /// A message that contains neither, with its size.
    Leaf(usize),
}

impl Kind {
    /// The kind of a part, if it is a message.
    fn part(self, tag: u64) -> Option<Self> {
        Some(match (self, tag) {
            (Self::Model, 7) => Self::Graph,
            (Self::Model, 8) => Self::Leaf(size_of::<proto::OperatorSet>()),
            (Self::Graph, 1) => Self::Node,
            (Self::Graph, 5) | (Self::Attribute, 5) => Self::Tensor,
            (Self::Graph, 11 | 12) => Self::ValueInfo,
            (Self::Node, 5) => Self::Attribute,
            (Self::Tensor, 13) => Self::Leaf(size_of::<proto::Entry>()),
            (Self::ValueInfo, 2) => Self::Type,
            (Self::Type, 1) => Self::TensorType,
            (Self::TensorType, 2) => Self::Shape,
            (Self::Shape, 1) => Self::Leaf(size_of::<proto::Dimension>()),
            _ => return None,
        })
    }

    fn size(self) -> usize {
        match self {
            Self::Model => size_of::<proto::Model>(),
            Self::Graph => size_of::<proto::Graph>(),
            Self::Node => size_of::<proto::Node>(),
            Self::Attribute => size_of::<proto::Attribute>(),
            Self::Tensor => size_of::<proto::Tensor>(),
            Self::ValueInfo => size_of::<proto::ValueInfo>(),
            Self::Type => size_of::<proto::Type>(),
            Self::TensorType => size_of::<proto::TensorType>(),
            Self::Shape => size_of::<proto::Shape>(),
            Self::Leaf(size) => size,
        }
    }

    /// The number of bytes that a byte of a packed list becomes. Integers in the list have variable length; raw bytes and floats keep their
    /// length.
    fn of_a_byte(self, tag: u64) -> usize {
        match (self, tag) {
            (Self::Tensor, 1 | 5 | 7) | (Self::Attribute, 8) => size_of::<i64>(),
            _ => 0,
        }
    }
}

/// The approximate number of bytes of the messages and of the lists of integers of a model. If the bytes are malformed, only those before
/// the error are counted.
pub(super) fn of(model: &[u8]) -> usize {
    let mut total = 0;
    let _ = add(model, Kind::Model, &mut total); // the decoder reports the error
    total
}

fn add(mut bytes: &[u8], kind: Kind, total: &mut usize) -> Option<()> {
    // Lists grow by doubling.
    *total += 2 * kind.size();
    while !bytes.is_empty() {
        let key = variable(&mut bytes)?;
        let length = match key & 7 {
            0 => variable(&mut bytes).map(|_| 0)?,
            1 => 8,
            2 => usize::try_from(variable(&mut bytes)?).ok()?,
            5 => 4,
            _ => return None,
        };
        let (part, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        match kind.part(key >> 3) {
            Some(kind) if key & 7 == 2 => add(part, kind, total)?,
            _ => *total += LIST + length * kind.of_a_byte(key >> 3),
        }
    }
    Some(())
}

/// Decodes an integer of variable length.
fn variable(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for k in 0..10 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (7 * k);
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    /// A part of a message.
    fn part(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag << 3 | 2];
        prost::encode_length_delimiter(content.len(), &mut bytes).unwrap();
        [bytes, content.to_vec()].concat()
    }

    #[test]
    fn empty_messages_weigh_what_they_take() {
        let many = |tag: u8| part(7, &part(tag, &[]).repeat(1000));
        for (tag, size) in [(1, size_of::<proto::Node>()), (5, size_of::<proto::Tensor>()), (11, size_of::<proto::ValueInfo>())] {
            assert!(proto::Model::decode(&many(tag)[..]).is_ok());
            assert!(of(&many(tag)) >= 2000 * size, "{tag}");
        }
        let packed = part(7, &part(5, &part(7, &[1; 1000])));
        assert_eq!(proto::Model::decode(&packed[..]).unwrap().graph.unwrap().initializer[0].int64_data.len(), 1000);
        assert!(of(&packed) >= 8000);
    }

    #[test]
    fn raw_bytes_weigh_nothing_and_broken_files_are_left_to_the_decoder() {
        let raw = part(7, &part(5, &part(9, &[1; 1000])));
        assert!(of(&raw) < 2000);
        for broken in [&raw[..100], &[0xff; 40], &[0x3b], b""] {
            assert!(of(broken) < 2000);
        }
    }
}
