//! Text in messages, reports and pictures: text from outside, such as names of files, arrays and nodes, and numbers of bytes.

use std::borrow::Cow;
use std::fmt;

/// The largest number of characters of a text from outside that a message repeats.
const LONGEST: usize = 2000;

/// The largest number of characters of a number that a message repeats.
const LONGEST_NUMBER: usize = 60;

/// A text that is safe to show: characters that a terminal or a viewer interprets or does not show are escaped. The letters of all scripts are kept.
///
/// These are escaped: control characters, characters that change the direction of writing, line separators, invisible characters other than joiners,
/// and characters that documents may not contain. A text without them is returned unchanged, so applying the function twice changes nothing.
///
/// ```
/// use plica::report::plain;
/// assert_eq!(plain("W\u{1b}[31m0\n"), "W\\u{1b}[31m0\\n");
/// assert_eq!(plain("naïve Gewichte, 重み"), "naïve Gewichte, 重み");
/// ```
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if is_hidden(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown.into()
}

/// Whether terminals or viewers interpret a character or do not show it.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
        || matches!(c, '\u{fdd0}'..='\u{fdef}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// A text of any length for a message: safe to show, and only the beginning of a long text.
pub(crate) fn message(text: &str) -> String {
    plain(&beginning(text, LONGEST)).into_owned()
}

/// Input that is not a number, in quotes for a message.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", plain(&beginning(text, LONGEST_NUMBER)))
}

fn beginning(text: &str, length: usize) -> Cow<'_, str> {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], text.len()).into(),
        None => text.into(),
    }
}

/// A number of bytes as text, such as `640 MiB`.
pub(crate) struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut x, mut unit) = (self.0 as f64, "bytes");
        for next in ["KiB", "MiB", "GiB", "TiB"] {
            if x < 1024.0 {
                break;
            }
            (x, unit) = (x / 1024.0, next);
        }
        if x < 10.0 && unit != "bytes" { write!(f, "{x:.1} {unit}") } else { write!(f, "{x:.0} {unit}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escaped() {
        for (text, shown) in [
            ("\u{7}\u{7f}\u{9b}", "\\u{7}\\u{7f}\\u{9b}"),
            ("a\u{202e}b\u{2066}c", "a\\u{202e}b\\u{2066}c"),
            ("\r\n\t", "\\r\\n\\t"),
            ("\u{feff}\u{fffe}\u{1ffff}\u{e0041}\u{2028}", "\\u{feff}\\u{fffe}\\u{1ffff}\\u{e0041}\\u{2028}"),
        ] {
            assert_eq!(plain(text), shown);
            assert_eq!(plain(shown), shown, "the result does not change again");
        }
    }

    #[test]
    fn letters_of_all_scripts_and_their_joiners_stay() {
        for text in ["", "W0 <&> \"b\"", "C:\\models\\a.onnx", "ß é 重み वजन می\u{200c}خواهم 👩\u{200d}🔬", "\u{fffd}"]
        {
            assert!(matches!(plain(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn long_texts_are_repeated_in_part() {
        assert_eq!(quoted(&"7".repeat(60)), format!("`{}`", "7".repeat(60)));
        assert_eq!(quoted(&"7".repeat(61)), format!("`{}... (61 bytes)`", "7".repeat(60)));
        assert!(message(&"é".repeat(100_000)).len() < 5000);
    }

    #[test]
    fn bytes_have_a_unit() {
        let text = [0, 1023, 1024, 640 << 20, 13 << 30].map(|bytes| Bytes(bytes).to_string());
        assert_eq!(text, ["0 bytes", "1023 bytes", "1.0 KiB", "640 MiB", "13 GiB"]);
    }
}
