//! The order of layers, determined by their names if possible.

/// The advice if the names do not determine an order.
const OTHERWISE: &str =
    "give the module itself to plica.load in Python, or write an .onnx file, or a .npz file with W0, b0, W1, b1, ... in order";

/// A name, split into text, a number, text, a number, ...
struct Parts<'a> {
    texts: Vec<&'a str>,
    numbers: Vec<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(name: &'a str) -> Self {
        let (mut texts, mut numbers, mut rest) = (Vec::new(), Vec::new(), name);
        loop {
            let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            texts.push(&rest[..text]);
            rest = &rest[text..];
            if rest.is_empty() {
                return Self { texts, numbers };
            }
            let number = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            numbers.push(&rest[..number]);
            rest = &rest[number..];
        }
    }
}

/// The named layers, in the order of the one number in which their names differ.
///
/// A number that is the last part of a name, as in `net.2`, is an index in a `Sequential`: between two layers there must be an index for an
/// activation. Other numbers, as in `fc2` or `blocks.2.linear`, only count: either they are consecutive, or all have gaps.
///
/// # Errors
/// The names differ in anything else, the numbers do not determine an order, or they leave no index for an activation.
pub(super) fn in_order<T>(mut layers: Vec<(String, T)>) -> Result<Vec<(String, T)>, String> {
    if layers.len() < 2 {
        return Ok(layers);
    }
    let order = order(&layers.iter().map(|(name, _)| &name[..]).collect::<Vec<_>>())?;
    let mut numbered: Vec<_> = order.into_iter().zip(layers.drain(..)).collect();
    numbered.sort_by_key(|(number, _)| *number);
    Ok(numbered.into_iter().map(|(_, layer)| layer).collect())
}

/// The number of each name.
fn order(names: &[&str]) -> Result<Vec<u64>, String> {
    let parts: Vec<Parts<'_>> = names.iter().map(|name| Parts::of(name)).collect();
    let first = &parts[0];
    let unclear = |a: &str, b: &str| format!("the names of the layers `{a}` and `{b}` do not say which comes first; {OTHERWISE}");
    if let Some(k) = parts.iter().position(|other| other.texts != first.texts || other.numbers.len() != first.numbers.len()) {
        return Err(unclear(names[0], names[k]));
    }
    let differ = |place: &usize| parts.iter().any(|other| other.numbers[*place] != first.numbers[*place]);
    let &[place] = &(0..first.numbers.len()).filter(differ).collect::<Vec<_>>()[..] else {
        return Err(format!(
            "the names of the layers, `{}` to `{}`, differ in more than one number; {OTHERWISE}",
            names[0],
            names[names.len() - 1]
        ));
    };
    let number = |(other, name): (&Parts<'_>, &&str)| {
        other.numbers[place].parse().map_err(|_| format!("the number in the name `{name}` is too large"))
    };
    let numbers = parts.iter().zip(names).map(number).collect::<Result<Vec<u64>, _>>()?;
    let mut sorted: Vec<usize> = (0..names.len()).collect();
    sorted.sort_by_key(|&k| numbers[k]);
    let gaps = sorted.windows(2).map(|pair| (numbers[pair[1]] - numbers[pair[0]], names[pair[0]], names[pair[1]]));
    let gaps: Vec<(u64, &str, &str)> = gaps.collect();
    if let Some((_, a, b)) = gaps.iter().find(|(gap, _, _)| *gap == 0) {
        return Err(unclear(a, b));
    }
    // The index in a `Sequential` is a separate component of the name, and the last one.
    let is_place = first.texts[place + 1].is_empty() && (first.texts[place].is_empty() || first.texts[place].ends_with('.'));
    if let Some((_, a, b)) = gaps.iter().find(|(gap, _, _)| *gap == 1) {
        if is_place {
            return Err(format!(
                "the layers `{a}` and `{b}` of a Sequential have no activation between them, and those of a ModuleList may have one: \
                 the names do not say; {OTHERWISE}"
            ));
        }
        if let Some((_, c, d)) = gaps.iter().find(|(gap, _, _)| *gap > 1) {
            return Err(format!("a number is left out between `{c}` and `{d}`, and none between `{a}` and `{b}`; {OTHERWISE}"));
        }
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(names: &[&str]) -> Result<Vec<String>, String> {
        in_order(names.iter().map(|name| (name.to_string(), ())).collect())
            .map(|layers| layers.into_iter().map(|(name, ())| name).collect())
    }

    #[test]
    fn one_number_says_the_order() {
        for names in [
            &["0", "2", "10"][..],
            &["1", "4", "6"],
            &["fc8", "fc9", "fc10"],
            &["fc0", "fc2", "fc7"],
            &["net.0", "net.2", "net.4"],
            &["model.3.layers.0", "model.3.layers.2"],
            &["block1.0", "block2.0", "block3.0"],
            &["blocks.9.linear", "blocks.10.linear"],
            &["encoder"],
        ] {
            let mut mixed: Vec<&str> = names.to_vec();
            mixed.reverse();
            assert_eq!(ordered(&mixed).unwrap(), names);
        }
    }

    #[test]
    fn names_that_say_no_order_are_refused() {
        for (names, why) in [
            (&["encoder.0", "decoder.0"][..], "do not say which comes first"),
            (&["one", "two", "three"], "do not say which comes first"),
            (&["", "a", "b"], "do not say which comes first"),
            (&["fc1", "fc2", "out"], "do not say which comes first"),
            (&["fc1", "fc01"], "do not say which comes first"),
            (&["net1.0", "net1.2", "net2.0", "net2.2"], "more than one number"),
            (&["0", "1"], "no activation between"),
            (&["net.0", "net.2", "net.3"], "no activation between"),
            (&["fc1", "fc2", "fc4"], "a number is left out between `fc2` and `fc4`"),
            (&["fc1", "fc99999999999999999999"], "too large"),
        ] {
            let message = ordered(names).unwrap_err();
            assert!(message.contains(why), "{names:?}: {message}");
        }
    }
}
