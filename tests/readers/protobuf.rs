//! `.onnx` files, byte by byte: the fields of the format by their numbers.

/// A field of a protocol buffer.
pub fn field(number: u64, content: &[u8]) -> Vec<u8> {
    [&varint(number << 3 | 2)[..], &varint(content.len() as u64), content].concat()
}

pub fn integer(number: u64, value: u64) -> Vec<u8> {
    [varint(number << 3), varint(value)].concat()
}

pub fn varint(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n >= 128 {
        bytes.push(n as u8 | 128);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

/// An attribute that is a float.
pub fn float(name: &str, x: f32) -> Vec<u8> {
    field(5, &[field(1, name.as_bytes()), varint(2 << 3 | 5), x.to_le_bytes().to_vec(), integer(20, 1)].concat())
}

/// An attribute that is an integer.
pub fn int(name: &str, n: u64) -> Vec<u8> {
    field(5, &[field(1, name.as_bytes()), integer(3, n), integer(20, 2)].concat())
}

/// An attribute that is a text.
pub fn words(name: &str, text: &str) -> Vec<u8> {
    field(5, &[field(1, name.as_bytes()), field(4, text.as_bytes()), integer(20, 3)].concat())
}

/// An operator with one output.
pub fn operator(operator: &str, inputs: &[&str], output: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
    let inputs: Vec<u8> = inputs.iter().flat_map(|name| field(1, name.as_bytes())).collect();
    field(1, &[inputs, field(2, output.as_bytes()), field(4, operator.as_bytes()), attributes.concat()].concat())
}

/// An initializer of singles.
pub fn singles(name: &str, shape: &[u64], numbers: &[f32]) -> Vec<u8> {
    tensor(name, 1, shape, numbers.iter().flat_map(|x| x.to_le_bytes()).collect())
}

/// An initializer of integers.
pub fn whole(name: &str, shape: &[u64], numbers: &[i64]) -> Vec<u8> {
    tensor(name, 7, shape, numbers.iter().flat_map(|x| x.to_le_bytes()).collect())
}

fn tensor(name: &str, kind: u64, shape: &[u64], raw: Vec<u8>) -> Vec<u8> {
    let shape: Vec<u8> = shape.iter().flat_map(|&n| integer(1, n)).collect();
    field(5, &[shape, integer(2, kind), field(8, name.as_bytes()), field(9, &raw)].concat())
}

/// A model in singles from x to y, in this version of the operators.
pub fn model(version: u64, shape: &[u64], parts: &[Vec<u8>]) -> Vec<u8> {
    let value = |number: u64, name: &str, shape: &[u64]| {
        let sizes: Vec<u8> = shape.iter().flat_map(|&n| field(1, &integer(1, n))).collect();
        let tensor = [integer(1, 1), field(2, &sizes)].concat();
        field(number, &[field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat())
    };
    let graph = [parts.concat(), value(11, "x", shape), value(12, "y", &[1])].concat();
    [field(7, &graph), field(8, &integer(2, version))].concat()
}
