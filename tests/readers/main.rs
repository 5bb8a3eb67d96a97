//! Files of networks and of points: exact reading, and every kind of malformed input with its message.

mod any_bytes;
mod bad_data_sets;
mod bad_networks;
mod data_sets;
mod files;
mod networks;
mod onnx;
mod protobuf;
mod smooth;
mod smooth_written;
mod writing;
