//! Text that names points and built-in networks: it is understood or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plica::network::zoo;

fuzz_target!(|text: &str| {
    if !text.contains(['/', '.', '#']) || text.starts_with("digits#") || text.contains(',') {
        let _ = plica::data::Point::load(text, &Default::default());
    }
    // Long numbers make networks that are legal, and slow to build.
    let longest = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
    if longest <= Some(if text.starts_with("zigzag") { 1 } else { 2 }) && text.len() < 40 {
        let _ = zoo::parse(text);
    }
});
