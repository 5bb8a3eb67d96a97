//! Files of networks and of points: what is read, exactly; and every kind of malformed input, with the message that it gives.

mod any_bytes;
mod bad_data_sets;
mod bad_networks;
mod data_sets;
mod files;
mod networks;
mod onnx;
mod writing;
