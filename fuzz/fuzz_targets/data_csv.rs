//! Points in .csv: any bytes are read or refused, with and without a column of labels.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plica::data::Points;

fuzz_target!(|bytes: &[u8]| {
    let plain = Points::from_csv(bytes, None);
    let labelled = Points::from_csv(bytes, Some("0"));
    if let (Ok((points, _)), Ok((others, labels))) = (plain, labelled) {
        assert_eq!(labels.map(|l| l.len()), Some(points.len()));
        assert_eq!(others.dimension() + 1, points.dimension());
    }
});
