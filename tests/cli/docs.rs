//! The book in `docs/`: its commands print what it says, and every file that it names exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The pages, by their path below `docs/src`.
fn pages() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension() {
                _ if path.is_dir() => walk(&path, found),
                Some(end) if end == "md" => found.push(path),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join("docs/src"), &mut found);
    found.sort();
    found
}

fn text(page: &Path) -> String {
    std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

/// The content of the blocks with this mark.
fn blocks(text: &str, mark: &str) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), None::<String>);
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(block), None) => *block += &format!("{line}\n"),
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some(kind)) if kind == mark => open = Some(String::new()),
            (None, _) => {}
        }
    }
    found
}

/// Whether printed lines match those of a page: a line `...` stands for any lines, a line that ends in `...` for a line with this beginning.
fn matches(said: &[&str], expected: &[&str]) -> bool {
    match expected.split_first() {
        None => said.is_empty(),
        Some((&"...", rest)) => (0..=said.len()).any(|skipped| matches(&said[skipped..], rest)),
        Some((line, rest)) => {
            let Some((first, left)) = said.split_first() else { return false };
            let equal = line.strip_suffix("...").map_or(first.trim_end() == line.trim_end(), |start| first.starts_with(start));
            equal && matches(left, rest)
        }
    }
}

/// The words of a command of a page; quotes join words with spaces.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], false);
    for c in command.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

#[test]
fn commands_print_what_the_pages_say() {
    let mut run = 0;
    for page in pages() {
        for block in blocks(&text(&page), "console") {
            let mut lines = block.lines();
            let command = lines.next().and_then(|line| line.strip_prefix("$ plica ")).unwrap_or_else(|| panic!("{block}"));
            let output = Command::new(env!("CARGO_BIN_EXE_plica")).args(words(command)).output().unwrap();
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            let (said, expected): (Vec<&str>, Vec<&str>) = (said.lines().collect(), lines.collect());
            assert!(matches(&said, &expected), "{}: plica {command} prints\n{}", page.display(), said.join("\n"));
            run += 1;
        }
    }
    assert!(run >= 10, "{run} commands");
}

/// The targets of links and pictures of a page.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.map(|target| target.split('#').next().unwrap_or_default().to_string()).filter(|target| !target.is_empty()).collect()
}

/// A page with the files, or the anchored parts of files, that it includes.
fn whole(page: &Path) -> String {
    let mut whole = String::new();
    for line in text(page).lines() {
        let Some(include) = line.strip_prefix("{{#include ").and_then(|rest| rest.strip_suffix("}}")) else {
            whole += &format!("{line}\n");
            continue;
        };
        let (file, anchor) = include.split_once(':').unwrap_or((include, ""));
        let included = text(&page.parent().unwrap().join(file));
        if anchor.is_empty() {
            whole += &included;
            continue;
        }
        let (start, end) = (format!("<!-- ANCHOR: {anchor} -->\n"), format!("<!-- ANCHOR_END: {anchor} -->"));
        let part = included.split_once(&start).and_then(|(_, rest)| rest.split_once(&end)).map(|(part, _)| part);
        whole += part.unwrap_or_else(|| panic!("{}: {file} has no part {anchor}", page.display()));
    }
    whole
}

#[test]
fn every_page_is_listed_and_every_link_leads_somewhere() {
    let source = root().join("docs/src");
    let summary = text(&source.join("SUMMARY.md"));
    let listed: BTreeSet<PathBuf> = links(&summary).into_iter().map(|link| source.join(link)).collect();
    let written: BTreeSet<PathBuf> = pages().into_iter().filter(|page| !page.ends_with("SUMMARY.md")).collect();
    assert_eq!(listed, written);
    for page in written {
        for link in links(&whole(&page)).iter().filter(|link| !link.contains("://")) {
            assert!(page.parent().unwrap().join(link).exists(), "{}: {link}", page.display());
        }
    }
}

#[test]
fn the_pattern_of_lines_is_one() {
    let lines = |text: &'static str| text.lines().collect::<Vec<_>>();
    assert!(matches(&lines("a\nb\nc"), &lines("a\n...\nc")) && matches(&lines("a\nc"), &lines("a\n...\nc")));
    assert!(matches(&lines("abc"), &lines("ab...")) && !matches(&lines("abc"), &lines("ac...")));
    assert!(!matches(&lines("a\nb"), &lines("a")) && !matches(&lines("a"), &lines("a\nb")));
    assert_eq!(words("regions x --box '0..1;0..2'"), ["regions", "x", "--box", "0..1;0..2"]);
}
