//! Complexes of boxes, of slices and of the whole space: the self-checks, and the filter against integers.

mod support;

use plica::complex::{Builder, Domain};
use plica::network::load;
use proptest::prelude::*;
use support::{config, networks};

#[test]
fn closed_forms_of_the_zoo() {
    for (name, regions) in [("zigzag:2:3:1", 9), ("zigzag:2:2:2", 16), ("cantor:3", 15)] {
        let network = load(name).unwrap();
        let complex = Builder::new(&network).build(&Domain::parse_box("0,1", 2).unwrap()).unwrap();
        assert_eq!(complex.activation_regions(), regions, "{name}");
        assert_eq!(complex.check_volumes().unwrap().unwrap(), 1);
    }
}

#[test]
fn a_limit_is_an_error() {
    let network = load("zigzag:2:3:1").unwrap();
    let error = Builder::new(&network).max_regions(8).build(&Domain::parse_box("0,1", 2).unwrap()).unwrap_err();
    assert!(error.to_string().contains("more than 8 regions"));
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn complexes_satisfy_their_relations(network in networks::any()) {
        let d = network.inputs();
        prop_assume!(d <= 3 && network.hidden_units() <= 12);
        for domain in [Domain::parse_box("-1,1", d).unwrap(), Domain::Space] {
            let (found, exact) = (Builder::new(&network).build(&domain).unwrap(), Builder::new(&network).exact_only(true).build(&domain).unwrap());
            found.check().unwrap();
            found.check_volumes().unwrap();
            prop_assert_eq!(found.f_vector(), exact.f_vector());
            let patterns = |complex: &plica::complex::Complex| complex.cells().map(|cell| cell.pattern()).collect::<Vec<_>>();
            prop_assert_eq!(patterns(&found), patterns(&exact));
            for cell in found.cells() {
                prop_assert_eq!(found.cells_with(&cell.interior_point()), vec![cell.index()]);
            }
        }
    }
}
