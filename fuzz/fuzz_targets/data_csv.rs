//! Points in .csv: any bytes are read or refused, with and without a column of labels.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plica::data::csv_from_bytes;

fuzz_target!(|bytes: &[u8]| {
    let plain = csv_from_bytes(bytes, None);
    let labelled = csv_from_bytes(bytes, Some("0"));
    if let (Ok((points, _)), Ok((others, labels))) = (plain, labelled) {
        assert_eq!(labels.map(|l| l.len()), Some(points.len()));
        assert_eq!(others.dimension() + 1, points.dimension());
    }
});
