//! Colours that keep their order for colour-blind readers and in grey.

/// Viridis at eight steps (N. Smith and S. van der Walt, matplotlib, CC0).
const VIRIDIS: [[f64; 3]; 8] = [
    [68.0, 1.0, 84.0],
    [70.0, 50.0, 127.0],
    [54.0, 92.0, 141.0],
    [39.0, 127.0, 142.0],
    [31.0, 161.0, 135.0],
    [74.0, 194.0, 109.0],
    [159.0, 218.0, 58.0],
    [253.0, 231.0, 37.0],
];

/// Lines that are told apart by lightness as well (after M. Okabe and K. Ito).
pub(super) const LINES: [&str; 3] = ["#0072b2", "#d55e00", "#009e73"];

/// Red, green and blue.
pub(super) type Rgb = [u8; 3];

/// Colours that are told apart by most eyes (M. Okabe and K. Ito), without black.
const CLASSES: [Rgb; 7] = [[86, 180, 233], [230, 159, 0], [0, 158, 115], [240, 228, 66], [0, 114, 178], [213, 94, 0], [204, 121, 167]];

/// A colour as SVG and CSS write it.
pub(super) fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// The colour of a share from 0 to 1: dark to light.
pub(super) fn viridis(share: f64) -> String {
    hex(viridis_rgb(share))
}

/// The same as numbers.
pub(super) fn viridis_rgb(share: f64) -> Rgb {
    mixed(share).map(|x| x.round() as u8)
}

/// A light colour for the n-th of many things that only have to differ from their neighbours.
pub(super) fn light(n: u64) -> Rgb {
    // Multiples of the golden ratio are spread evenly over the circle of hues, however many there are.
    let hue = (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1u64 << 53) as f64;
    let tone = [0.86, 0.78, 0.92][(n.wrapping_mul(0xd1b5_4a32_d192_ed03) >> 40) as usize % 3];
    let channel = |shift: f64| {
        let x = ((hue + shift).fract() * 6.0 - 3.0).abs() - 1.0;
        let full = x.clamp(0.0, 1.0);
        ((tone - 0.34 * (1.0 - full) * tone) * 255.0).round() as u8
    };
    [channel(0.0), channel(2.0 / 3.0), channel(1.0 / 3.0)]
}

/// The colour of a class, the same for a label and for a decision; 0 to 6 are told apart best, and -1 looks like 0.
pub(super) fn class(n: i64) -> Rgb {
    let place = usize::try_from(if n < 0 { -1 - n } else { n }).unwrap_or(usize::MAX);
    CLASSES.get(place).copied().unwrap_or_else(|| light(place as u64))
}

/// Black or white: the one that is read better on that colour.
pub(super) fn ink_on(share: f64) -> &'static str {
    let [r, g, b] = mixed(share);
    if 0.299 * r + 0.587 * g + 0.114 * b > 115.0 { "#000000" } else { "#ffffff" }
}

fn mixed(share: f64) -> [f64; 3] {
    let place = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let (low, part) = ((place.floor() as usize).min(VIRIDIS.len() - 2), place.fract());
    let part = if place.floor() as usize > low { 1.0 } else { part };
    std::array::from_fn(|i| VIRIDIS[low][i] + part * (VIRIDIS[low + 1][i] - VIRIDIS[low][i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_begins_dark_and_ends_light() {
        assert_eq!((viridis(0.0).as_str(), viridis(1.0).as_str()), ("#440154", "#fde725"));
        assert_eq!((ink_on(0.0), ink_on(1.0)), ("#ffffff", "#000000"));
        assert_eq!(viridis(f64::NAN.max(0.0)), viridis(0.0));
    }
}
