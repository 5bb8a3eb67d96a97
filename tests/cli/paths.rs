//! `plica fold --paths`: the rows against exact traces, for all threads and interrupts.

use super::directory::fresh_directory;
use super::{command, file, json_line, run, stdout};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use plica::data::DataSet;
use plica::fold::Measure;
use plica::line::Trace;
use plica::network::{NetworkBuilder, Selection, Smooth};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The files of a directory of rows by name, except for the one that names their sweep.
fn parts(directory: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let named = entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()));
    named.filter(|(name, _)| name != "_sweep.json").collect()
}

/// tanh(x) and the tanh of its square, which touches 0 at 0.
#[test]
fn measures_of_segments_with_windows_are_null() {
    let out = fresh_directory("rows_with_windows");
    let mut builder = NetworkBuilder::new(&[1]).unwrap();
    let x = builder.input();
    let y = builder.smooth(&x, Smooth::Tanh).unwrap();
    let square = builder.product(&y, &y).unwrap();
    let z = builder.smooth(&square, Smooth::Tanh).unwrap();
    let network = super::path("rows_with_windows.onnx");
    builder.finish(&z).unwrap().save(&network).unwrap();
    let data = file("rows_with_windows.csv", "-1\n1\n2\n");
    stdout(&["fold", network.to_str().unwrap(), &data, "--pairs", "all", "--out", &out, "--paths"]);
    let mut seen = Vec::new();
    for name in parts(&format!("{out}/paths-0")).keys() {
        let reader = SerializedFileReader::new(File::open(PathBuf::from(&out).join("paths-0").join(name)).unwrap()).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let ends = (row.get_uint(0).unwrap(), row.get_uint(1).unwrap());
            let measures = (row.get_uint(2).ok(), row.get_uint(4).ok(), row.get_double(5).ok(), row.get_double(8).ok());
            seen.push((ends, measures));
        }
    }
    let (windows, none) = ((None, None, None, None), (Some(1), Some(0), Some(0.0), Some(0.0)));
    let expected = [((0, 1), windows), ((0, 2), windows), ((1, 0), windows), ((1, 2), none), ((2, 0), windows), ((2, 1), none)];
    assert_eq!(seen, expected);
}

#[test]
fn rows_are_the_measures_of_exact_traces() {
    let out = fresh_directory("rows");
    let grid = file("rows.csv", "x,y,class\n0,0,1\n1,1/2,1\n1/4,1,2\n0,1,2\n3/4,3/4,1\n");
    let data = DataSet::load(&grid, &plica::data::LoadOptions { labels: Some("class".into()), ..Default::default() }).unwrap();
    for (pairs, classes) in [("classes", true), ("all", false), ("random:30@7", false)] {
        let report = json_line(&["fold", "cantor:3", &grid, "--labels", "class", "--pairs", pairs, "--out", &out, "--paths"]);
        let network = plica::network::load("cantor:3").unwrap();
        let units = network.units(&Selection::Hidden).unwrap();
        let mut count = 0;
        for name in parts(&format!("{out}/paths-0")).keys() {
            let reader = SerializedFileReader::new(File::open(PathBuf::from(&out).join("paths-0").join(name)).unwrap()).unwrap();
            let about = reader.metadata().file_metadata().key_value_metadata().unwrap();
            assert!(about.iter().any(|pair| pair.key == "network" && pair.value.as_deref() == Some("cantor:3")));
            for row in reader.get_row_iter(None).unwrap() {
                let row = row.unwrap();
                let at = |column: usize| row.get_uint(column + 2 * usize::from(classes)).unwrap();
                let real = |column: usize| row.get_double(column + 2 * usize::from(classes)).unwrap();
                let (from, to) = (at(0) as usize, at(1) as usize);
                if classes {
                    let labels = data.labels.as_ref().unwrap();
                    assert_eq!([row.get_long(0).unwrap(), row.get_long(1).unwrap()], [labels[from], labels[to]]);
                }
                let trace = Trace::exact_only(&network, &data.points.point(from), &data.points.point(to), &units).unwrap();
                let measure = Measure::of(&trace);
                let (folding, peak) = (measure.folding(), measure.peak());
                assert_eq!(
                    [at(2), at(3), at(4), at(6), at(7)].map(u64::from),
                    [measure.regions(), folding.r1, folding.r2, peak.r1, peak.r2]
                );
                assert_eq!([real(5), real(8)], [folding.chi().to_f64(), peak.chi().to_f64()]);
                count += 1;
            }
        }
        let expected: u64 = report["pairs"].as_array().unwrap().iter().map(|pair| pair["paths"].as_u64().unwrap()).sum();
        assert_eq!(count, expected, "{pairs}");
    }
}

/// Two parts, killed in between: the same bytes as from one thread that was not killed.
#[cfg(target_os = "linux")]
#[test]
fn rows_are_the_same_bytes_for_any_threads_and_interrupts() {
    let call = |out: &str, threads: &str| {
        ["fold", "digits:3x20", "digits", "--pairs", "random:600000@4", "--checkpoint", "0", "--paths", "--threads", threads, "--out", out]
            .map(String::from)
    };
    let undisturbed = fresh_directory("rows-undisturbed");
    stdout(&call(&undisturbed, "1").each_ref().map(String::as_str));
    let expected = parts(&format!("{undisturbed}/paths-0"));
    assert_eq!(expected.keys().collect::<Vec<_>>(), ["part-000000.parquet", "part-000001.parquet", "part-000002.parquet"]);
    let out = fresh_directory("rows-killed");
    for (signal, wait) in [("-KILL", 150), ("-INT", 300), ("-KILL", 450)] {
        let mut child =
            command(&call(&out, "2").each_ref().map(String::as_str)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        // It may have ended already, on a fast machine.
        let _ = Command::new("kill").args([signal, &child.id().to_string()]).stderr(Stdio::null()).status();
        child.wait().unwrap();
    }
    stdout(&call(&out, "7").each_ref().map(String::as_str));
    assert!(parts(&format!("{out}/paths-0")) == expected);
    assert!(!PathBuf::from(&out).join("paths-0.tmp").exists());
}

/// A sweep that ended with an error continues only with its rows, and only with the same options.
#[cfg(target_os = "linux")]
#[test]
fn rows_that_are_missing_are_an_error() {
    let out = fresh_directory("rows-missing");
    let call = ["fold", "digits:3x20", "digits", "--pairs", "random:1500000@4", "--checkpoint", "0", "--threads", "1", "--out", &out];
    let with_rows = [&call[..], &["--paths"]].concat();
    let mut child = command(&with_rows).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let first = PathBuf::from(&out).join("paths-0.tmp/part-000000.parquet");
    while !first.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it has several parts to write");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let failed = |arguments: &[&str]| {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(failed(&call).contains("--paths"), "the same without rows is another sweep");
    let lost = PathBuf::from(&out).join("paths-0.tmp/part-000000.parquet");
    fs::rename(&lost, PathBuf::from(&out).join("elsewhere")).unwrap();
    let message = failed(&with_rows);
    assert!(message.contains("part-000000.parquet") && message.contains("missing"), "{message}");
    fs::write(&lost, "PAR1, and then the disk was full").unwrap();
    let message = failed(&with_rows);
    assert!(message.contains("part-000000.parquet") && message.contains("its SHA-256 is not"), "{message}");
    let whose = PathBuf::from(&out).join("paths-0.tmp/_sweep.json");
    fs::rename(&whose, PathBuf::from(&out).join("whose")).unwrap();
    assert!(failed(&with_rows).contains("_sweep.json"));
    fs::rename(PathBuf::from(&out).join("whose"), &whose).unwrap();
    fs::rename(PathBuf::from(&out).join("elsewhere"), &lost).unwrap();
    stdout(&with_rows);
    assert_eq!(parts(&format!("{out}/paths-0")).len(), 6);
}

/// A directory of rows is replaced as a whole, so other files in it are refused; a truncated part is refused.
#[test]
fn files_of_others_are_not_removed() {
    let out = fresh_directory("rows-foreign");
    let mine = PathBuf::from(&out).join("paths-0");
    fs::create_dir_all(&mine).unwrap();
    fs::write(mine.join("thesis.tex"), "years of work").unwrap();
    let data = file("foreign.csv", "0,0\n1,1/2\n");
    let call = ["fold", "cantor:1", &data, "--out", &out, "--paths"];
    let output = run(&call);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("thesis.tex"));
    assert_eq!(fs::read_to_string(mine.join("thesis.tex")).unwrap(), "years of work");
    fs::rename(mine.join("thesis.tex"), PathBuf::from(&out).join("thesis.tex")).unwrap();
    stdout(&call);
    let older = run(&["fold", "cantor:2", &data, "--out", &out]);
    assert!(older.status.success() && String::from_utf8(older.stderr).unwrap().contains("rows of an earlier sweep"));
}
