//! Points in .npy: any bytes are read or refused, and every coordinate of what is read is exact.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plica::exact::nearest_f64;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(points) = plica::data::Points::from_npy(bytes) {
        assert_eq!(nearest_f64(&points.coordinate(0, 0)), points.nearest(0)[0]);
    }
});
