//! The files of `plica fold --out`: complete results, checkpoints from which a run continues, errors without loss.

use super::{command, file, json_lines, keys, path, run, stdout};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A directory that does not exist yet.
pub fn fresh_directory(name: &str) -> String {
    let path = path(name);
    let _ = std::fs::remove_dir_all(&path);
    path.to_str().unwrap().to_string()
}

/// A sweep that is killed at any time and started again ends with the same files as one that was not killed.
#[cfg(target_os = "linux")]
#[test]
fn a_killed_fold_is_taken_up_again() {
    let pairs = "random:300000@4";
    let undisturbed = fresh_directory("undisturbed");
    let call =
        |out: &str| ["fold", "digits:3x20", "digits:2x30", "digits", "--pairs", pairs, "--out", out, "--checkpoint", "0"].map(String::from);
    let text = stdout(&call(&undisturbed).each_ref().map(String::as_str));
    let out = fresh_directory("killed");
    for (k, signal) in ["-KILL", "-KILL", "-INT", "-KILL", "-INT"].into_iter().enumerate() {
        let mut child = command(&call(&out).each_ref().map(String::as_str)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(60 + 37 * k as u64));
        // It may have ended already, on a fast machine.
        let _ = Command::new("kill").args([signal, &child.id().to_string()]).stderr(Stdio::null()).status();
        child.wait().unwrap();
    }
    assert_eq!(stdout(&call(&out).each_ref().map(String::as_str)), text);
    for name in ["summary.json", "tally.csv", "chi-distribution.svg", "chi-by-depth.svg"] {
        let [expected, found] = [&undisturbed, &out].map(|directory| std::fs::read(PathBuf::from(directory).join(name)).unwrap());
        assert!(!expected.is_empty() && expected == found, "{name}");
    }
    let left: Vec<_> = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("checkpoint")), "{left:?}");
}

#[test]
fn a_fold_leaves_what_it_prints() {
    let out = fresh_directory("results");
    let data = file("grid.csv", "x,y,class\n0,0,1\n1,1/2,1\n1/4,1,2\n0,1,2\n");
    let threads = "1000";
    let lines = json_lines(&["fold", "cantor:1", "cantor:2", &data, "--labels", "class", "--out", &out, "--threads", threads]);
    let summary: Value = serde_json::from_slice(&std::fs::read(PathBuf::from(&out).join("summary.json")).unwrap()).unwrap();
    let table = std::fs::read_to_string(PathBuf::from(&out).join("tally.csv")).unwrap();
    let mut rows = table.lines();
    assert_eq!(rows.next(), Some("network,from,to,r1,r2,count"));
    for (k, name) in ["cantor:1", "cantor:2"].into_iter().enumerate() {
        assert_eq!(summary[k]["network"], name);
        for key in keys(&lines[k]) {
            assert_eq!(summary[k][key], lines[k][key]);
        }
        for pair in lines[k]["pairs"].as_array().unwrap() {
            for entry in pair["tally"].as_array().unwrap() {
                let row = format!("{name},{},{},{},{},{}", pair["from"], pair["to"], entry[0], entry[1], entry[2]);
                assert_eq!(rows.next(), Some(row.as_str()));
            }
        }
    }
    assert_eq!(rows.next(), None);
    for name in ["chi-by-class-0.svg", "chi-by-class-1.svg", "chi-distribution.svg", "chi-by-depth.svg"] {
        let picture = std::fs::read_to_string(PathBuf::from(&out).join(name)).unwrap();
        assert!(picture.starts_with("<svg ") && picture.contains("cantor:"), "{name}");
    }
}

#[test]
fn a_directory_that_cannot_hold_results_is_an_error_before_the_work() {
    let blocked = file("blocked", "a file");
    let occupied = fresh_directory("occupied");
    std::fs::create_dir_all(PathBuf::from(&occupied).join("checkpoint-0.json")).unwrap();
    for (out, named) in [(format!("{blocked}/below"), "blocked"), (occupied, "checkpoint-0.json")] {
        let output = run(&["fold", "digits:3x20", "digits", "--out", &out]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(1), 1), "{stderr}");
        assert!(stderr.contains(named) && output.stdout.is_empty(), "{stderr}");
    }
}

/// The exit status and the one line of a call that may write files of at most this number of half kilobytes, like on a full disk.
#[cfg(target_os = "linux")]
fn with_files_up_to(blocks: u32, arguments: &[&str]) -> (Option<i32>, String) {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let output = Command::new("sh").args(["-c", &script, env!("CARGO_BIN_EXE_plica")]).args(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    (output.status.code(), stderr)
}

/// For each file that does not fit: an error that names it, unchanged earlier results, and no loss when there is space again.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_that_loses_nothing() {
    let (out, undisturbed) = (fresh_directory("full"), fresh_directory("roomy"));
    let call = |out: &str, seed: u32| {
        let pairs = format!("random:60000@{seed}");
        ["fold", "digits:3x20", "digits", "--pairs", &pairs, "--checkpoint", "0", "--out", out].map(String::from)
    };
    let names = ["summary.json", "tally.csv", "chi-distribution.svg"];
    let files = |directory: &str| names.map(|name| std::fs::read(PathBuf::from(directory).join(name)).unwrap());
    stdout(&call(&out, 1).each_ref().map(String::as_str));
    let before = files(&out);
    let mut named = Vec::new();
    for blocks in [0, 1, 4, 12, 20, 24, 31] {
        let (status, stderr) = with_files_up_to(blocks, &call(&out, 2).each_ref().map(String::as_str));
        assert_eq!(status, Some(1), "{blocks} blocks: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains(&out), "{stderr}");
        named.push(stderr.split_once(&out).unwrap().1.trim_start_matches('/').split(':').next().unwrap().to_string());
        if stderr.contains("checkpoint") || stderr.contains("summary") {
            assert!(files(&out) == before, "{blocks} blocks");
        }
    }
    assert!(named.contains(&"checkpoint-0.json".to_string()) && named.iter().any(|name| !name.starts_with("checkpoint")), "{named:?}");
    let left: Vec<_> = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".tmp")), "{left:?}");
    stdout(&call(&out, 2).each_ref().map(String::as_str));
    stdout(&call(&undisturbed, 2).each_ref().map(String::as_str));
    assert!(files(&out) == files(&undisturbed));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_an_error() {
    for format in ["text", "json"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let call = ["fold", "digits:3x20", "digits", "--pairs", "random:3@1", "--format", format];
        let output = command(&call).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(1), 1), "{stderr}");
        assert!(stderr.contains("standard output"), "{stderr}");
    }
}

#[test]
fn a_closed_pipe_does_not_cost_the_files() {
    let out = fresh_directory("closed-pipe");
    let data = file("closed.csv", "0,0\n1,1/2\n1/4,1\n");
    let mut child = command(&["fold", "cantor:1", "cantor:2", &data, "--out", &out]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    let summary: Value = serde_json::from_slice(&std::fs::read(PathBuf::from(&out).join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary.as_array().unwrap().len(), 2);
}

#[test]
fn pictures_of_an_earlier_sweep_do_not_stay() {
    let out = fresh_directory("older-pictures");
    let data = file("older.csv", "x,y,class\n0,0,1\n1,1/2,1\n1/4,1,2\n0,1,2\n");
    let fold = |networks: &[&str]| stdout(&[&["fold"], networks, &[&data, "--labels", "class", "--out", &out]].concat());
    fold(&["cantor:1", "cantor:2"]);
    fold(&["cantor:1"]);
    let there = |name: &str| PathBuf::from(&out).join(name).exists();
    assert!(there("chi-by-class-0.svg") && !there("chi-by-class-1.svg") && !there("chi-by-depth.svg"));
}

#[cfg(unix)]
#[test]
fn two_processes_do_not_write_into_one_directory() {
    let out = fresh_directory("locked");
    std::fs::create_dir_all(&out).unwrap();
    let other = std::fs::File::open(&out).unwrap();
    other.lock().unwrap();
    let data = file("locked.csv", "0,0\n1,1/2\n");
    let output = run(&["fold", "cantor:1", &data, "--out", &out]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("another plica"));
    other.unlock().unwrap();
    stdout(&["fold", "cantor:1", &data, "--out", &out]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_of_help_too() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert_eq!(command(&["--help"]).stdout(full).stderr(Stdio::null()).status().unwrap().code(), Some(1));
}
