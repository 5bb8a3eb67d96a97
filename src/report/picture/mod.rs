//! Pictures as SVG, for a browser or a paper: every number in them is rounded from an exact one only to be drawn.

mod audit;
mod chart;
mod colours;
mod depth;
mod distribution;
mod heat_map;
mod regions_html;
#[cfg(feature = "png")]
mod regions_png;
mod regions_svg;
mod ribbon;
mod scene;
mod svg;

pub use audit::missed_by_sampling;
pub use depth::against_depth;
pub use distribution::distribution;
pub use heat_map::heat_map;
#[cfg(feature = "png")]
pub use regions_png::PngError;
pub use ribbon::ribbon;
pub use scene::{Colouring, Scene, SceneError};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::{Measure, Tally};
    use crate::line::Decisions;
    use crate::network::Pattern;
    use crate::report::{FoldReport, PairReport};

    /// Two classes; one of the pairs has no segments, one folds by 1/2 half of the time.
    fn report(classes: bool) -> FoldReport {
        let path: Vec<Pattern> = ["00", "01", "00"].map(|p| p.parse().unwrap()).to_vec();
        let (mut flat, mut mixed) = (Tally::default(), Tally::default());
        flat.add(&Measure::of(&path[..2]));
        mixed.add(&Measure::of(&path));
        mixed.add(&Measure::of(&path[..2]));
        let class = |class| classes.then_some(class);
        let tallies = [(3, 3, Tally::default()), (3, 8, mixed), (8, 3, flat.clone()), (8, 8, flat)];
        let pairs = tallies.into_iter().map(|(from, to, tally)| PairReport::new(class(from), class(to), tally));
        FoldReport::new(pairs.collect(), Decisions::default())
    }

    /// Every element is closed, and every number in it is one.
    fn assert_drawn(picture: &str) {
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
        for name in ["text", "title", "svg"] {
            assert_eq!(picture.matches(&format!("<{name}")).count(), picture.matches(&format!("</{name}>")).count(), "{name}");
        }
    }

    #[test]
    fn a_heat_map_has_a_cell_for_each_pair_of_classes() {
        let picture = heat_map("a < b", &report(true)).unwrap();
        assert_drawn(&picture);
        assert!(picture.contains("a &lt; b: mean chi"));
        for title in ["from 3 to 8: mean chi 0.250000 of 2 segments", "from 8 to 3: mean chi 0 of 1 segments", "from 3 to 3: no segments"] {
            assert_eq!(picture.matches(title).count(), 1, "{title}");
        }
        assert_eq!(heat_map("one group", &report(false)), None);
    }

    #[test]
    fn a_distribution_counts_exactly() {
        let report = report(true);
        let picture = distribution(&[("net", &report)]);
        assert_drawn(&picture);
        // Three of four segments do not fold; 1/2 is the upper end of its bar.
        for title in ["chi = 0: 75.0000 %", "0.475 &lt; chi &lt;= 0.5: 25.0000 %", "0.5 &lt; chi &lt;= 0.525: 0.0000 %"] {
            assert_eq!(picture.matches(title).count(), 1, "{title}");
        }
    }

    #[test]
    fn depth_needs_no_segments_to_be_drawn() {
        let (report, empty) = (report(true), FoldReport::new(vec![PairReport::new(None, None, Tally::default())], Decisions::default()));
        let picture = against_depth(&[("deep", 3, &report), ("shallow", 1, &report), ("empty", 2, &empty)]);
        assert_drawn(&picture);
        assert!(picture.contains("shallow: mean chi 0.125000"));
        assert_drawn(&distribution(&[("empty", &empty)]));
    }
}
