//! Files: data for reading back carry a checksum, written files are complete, and no other file is changed.

use super::{command, error, file, json, path, run, stdout};
use plica::data::{self, DataSet};
use plica::files::sealed;
use plica::fold::Tally;
use plica::network::{Network, Selection, UnitSet};
use plica::sweep::{Checkpoint, CheckpointError, Fingerprint, PairGroup, Pairs, PathRow, RowSink, Sweep, SweepState};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder with nothing in it.
fn fresh(name: &str) -> PathBuf {
    let folder = path(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A sweep that is small enough to be started a thousand times.
struct Small {
    network: Network,
    units: UnitSet,
    data: DataSet,
    groups: Vec<PairGroup>,
}

impl Small {
    fn new(points: &str) -> Self {
        let network = plica::network::load("cantor:2").unwrap();
        let units = network.units(&Selection::Hidden).unwrap();
        let (points, _) = data::Points::from_csv(points.as_bytes(), None).unwrap();
        let data = DataSet { name: "small.csv".into(), points, labels: None };
        let groups = Pairs::All.groups(&data).unwrap();
        Self { network, units, data, groups }
    }

    fn sweep(&self) -> Sweep<'_> {
        Sweep::new(&self.network, &self.units, &self.data.points, &self.groups).unwrap().chunks_of(4)
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new(&self.network, &self.units, &self.data, Pairs::All)
    }

    /// The tallies of a part of the sweep.
    fn half(&self) -> SweepState {
        let sweep = self.sweep();
        sweep.run_chunks(0..sweep.chunks() / 2, sweep.begin(), 1, |_| true).unwrap()
    }
}

const POINTS: &str = "0,0\n1,1/2\n1/4,1\n0,3/4\n1,3/4\n1/3,1/5\n";

#[test]
fn a_checkpoint_of_which_a_byte_is_changed_or_missing_is_refused_by_its_name() {
    let (small, place) = (Small::new(POINTS), fresh("sealed").join("checkpoint-0.json"));
    let (sweep, state) = (small.sweep(), small.half());
    let checkpoint = Checkpoint::new(&place, small.fingerprint());
    checkpoint.save(&state).unwrap();
    assert!(state.paths() > 0 && !sweep.is_done(&state));
    assert_eq!(checkpoint.load(&sweep).unwrap(), Some(state.clone()));
    let bytes = fs::read(&place).unwrap();
    let refused = |bytes: &[u8], what: &str| {
        fs::write(&place, bytes).unwrap();
        let message = checkpoint.load(&sweep).expect_err(what).to_string();
        assert!(message.contains("checkpoint-0.json"), "{what}: {message}");
        assert_eq!(checkpoint.from_bytes(bytes).unwrap_err().to_string(), message);
    };
    for at in 0..bytes.len() {
        let mut other = bytes.clone();
        other[at] ^= [1, 4, 0x20, 0x80][at % 4];
        refused(&other, &format!("byte {at}"));
        refused(&bytes[..at], &format!("the first {at} bytes"));
    }
    refused(&[&bytes[..], b" "].concat(), "a byte more");
}

#[test]
fn a_state_of_another_sweep_is_refused_and_so_is_one_that_no_sweep_has() {
    let (one, two) = (Small::new(POINTS), Small::new("0,0\n1,1/2\n1/4,1\n0,3/4\n1,3/4\n1/3,1/6\n"));
    let [first, second] = [&one, &two].map(|small| Checkpoint::new("a part of the sweep", small.fingerprint()));
    assert_eq!(first.from_bytes(&first.to_bytes(&one.half())).unwrap(), one.half());
    // Two files swapped.
    let message = first.from_bytes(&second.to_bytes(&two.half())).unwrap_err();
    assert!(matches!(message, CheckpointError::Different { what: "data", .. }), "{message}");
    // A valid checksum around other tallies.
    let mut whole = serde_json::json!({"sweep": one.fingerprint(), "state": one.half()});
    let tally = whole["state"]["tallies"][0]["tally"].as_array_mut().unwrap();
    let last = tally.last_mut().unwrap();
    last[0] = serde_json::json!(9010);
    let message = first.from_bytes(&sealed(&whole)).unwrap_err().to_string();
    assert!(message.contains("no path has r1 = 9010"), "{message}");
}

#[test]
fn a_checkpoint_of_before_there_were_seals_is_refused_and_says_what_to_do() {
    let (small, place) = (Small::new(POINTS), fresh("older").join("checkpoint-0.json"));
    let content = serde_json::json!({"sweep": small.fingerprint(), "state": small.half()});
    fs::write(&place, content.to_string()).unwrap();
    let message = Checkpoint::new(&place, small.fingerprint()).load(&small.sweep()).unwrap_err().to_string();
    for words in ["checkpoint-0.json", "older version", "another directory"] {
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn tallies_that_no_paths_have_are_refused() {
    let right = r#"{"tally":[[0,0,1],[1,2,2]],"peaks":[["0",1],["1/2",2]],"regions":[[1,1],[3,2]]}"#;
    let tally: Tally = serde_json::from_str(right).unwrap();
    assert_eq!((tally.paths(), serde_json::to_string(&tally).unwrap().as_str()), (3, right));
    for (part, wrong) in [
        ("[1,2,2]", "[3,2,2]"),
        ("[1,2,2]", "[0,2,2]"),
        ("[1,2,2]", "[1,2,0]"),
        ("[1,2,2]", "[1,2,3]"),
        ("[1,2,2]", "[1,2,18446744073709551615]"),
        ("[[0,0,1],[1,2,2]]", "[[1,2,2],[0,0,1]]"),
        ("[1,2,2]", "[1,2,1],[1,2,1]"),
        ("[\"1/2\",2]", "[\"3/2\",2]"),
        ("[\"1/2\",2]", "[\"1\",2]"),
        ("[\"1/2\",2]", "[\"-1/2\",2]"),
        ("[\"1/2\",2]", "[\"1/3\",2]"),
        ("[\"0\",1],[\"1/2\",2]", "[\"1/2\",2],[\"0\",1]"),
        ("[\"1/2\",2]", "[\"1/2\",1]"),
        ("[3,2]", "[3,1]"),
        ("[1,1]", "[0,1]"),
        ("[1,1],[3,2]", "[3,2],[1,1]"),
    ] {
        let text = right.replacen(part, wrong, 1);
        assert!(text != right && serde_json::from_str::<Tally>(&text).is_err(), "{text}");
    }
}

/// Takes the rows and drops them.
struct Nowhere;

impl RowSink for Nowhere {
    fn take(&self, _: usize, _: &PairGroup, _: &[PathRow]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }
}

#[test]
fn rows_of_which_a_byte_is_changed_or_missing_are_refused_by_name() {
    let (small, out) = (Small::new(POINTS), fresh("rows"));
    let csv = file("rows.csv", POINTS);
    let call = ["fold", "cantor:2", &csv, "--pairs", "all", "--paths", "--quiet", "--out", out.to_str().unwrap()];
    stdout(&call);
    // As after a process that was killed at its end.
    let sweep = small.sweep().with_rows(&Nowhere);
    let state = sweep.run(sweep.begin(), 1, |_| true).unwrap();
    let checkpoint = Checkpoint::new(out.join("checkpoint-0.json"), small.fingerprint().with_rows(true));
    checkpoint.save(&state).unwrap();
    stdout(&call);
    checkpoint.save(&state).unwrap();
    for name in ["part-000000.parquet", "_sweep.json"] {
        let place = out.join("paths-0").join(name);
        let bytes = fs::read(&place).unwrap();
        let refused = |bytes: &[u8], what: &str| {
            fs::write(&place, bytes).unwrap();
            let message = error(1, &call);
            assert!(message.contains(name) && message.contains("damaged"), "{what}: {message}");
        };
        for at in (0..bytes.len()).step_by(bytes.len() / 20) {
            let mut other = bytes.clone();
            other[at] ^= 1;
            refused(&other, &format!("{name}: byte {at}"));
            refused(&bytes[..at], &format!("{name}: the first {at} bytes"));
        }
        fs::write(&place, &bytes).unwrap();
    }
    stdout(&call);
}

/// The cells of a network on the unit interval.
fn cells(network: &str, place: &str) -> Vec<String> {
    ["regions", network, "--box", "0,1", "--quiet", "--cells", place].map(String::from).to_vec()
}

fn as_arguments(call: &[String]) -> Vec<&str> {
    call.iter().map(String::as_str).collect()
}

#[test]
fn processes_that_write_one_file_leave_the_content_of_one() {
    let folder = fresh("contended");
    let place = folder.join("cells.json").to_str().unwrap().to_string();
    let contents: Vec<Vec<u8>> = ["sawtooth:5", "sawtooth:6"]
        .iter()
        .map(|network| {
            stdout(&as_arguments(&cells(network, &place)));
            fs::read(&place).unwrap()
        })
        .collect();
    for _ in 0..4 {
        let begin =
            |k: usize| command(&as_arguments(&cells(["sawtooth:5", "sawtooth:6"][k % 2], &place))).stdout(Stdio::null()).spawn().unwrap();
        let children: Vec<_> = (0..6).map(begin).collect();
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        assert!(contents.contains(&fs::read(&place).unwrap()));
        assert_eq!(names(&folder), ["cells.json"]);
    }
}

#[cfg(unix)]
#[test]
fn links_are_replaced_and_never_followed() {
    let folder = fresh("links");
    let victim = folder.join("victim");
    fs::write(&victim, "mine").unwrap();
    let network = folder.join("network.json");
    let calls = [
        cells("sawtooth:2", folder.join("cells.json").to_str().unwrap()),
        ["net", "sawtooth:2", "--to", network.to_str().unwrap()].map(String::from).to_vec(),
        ["regions", "random:2-3-1@1", "--box", "0,1", "--quiet", "--plot", folder.join("plot.svg").to_str().unwrap()]
            .map(String::from)
            .to_vec(),
        [
            "audit",
            "sawtooth:2",
            &file("links.csv", "0\n1\n"),
            "--pairs",
            "all",
            "--quiet",
            "--plot",
            folder.join("audit.svg").to_str().unwrap(),
        ]
        .map(String::from)
        .to_vec(),
    ];
    for call in calls {
        let place = PathBuf::from(call.last().unwrap());
        for planted in [place.with_file_name(format!("{}.tmp", place.file_name().unwrap().to_str().unwrap())), place.clone()] {
            std::os::unix::fs::symlink(&victim, planted).unwrap();
        }
        stdout(&as_arguments(&call));
        assert!(fs::symlink_metadata(&place).unwrap().is_file(), "{place:?}");
        assert!(fs::read(&place).unwrap().len() > 100);
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_is_no_place_for_a_file() {
    let folder = fresh("link_to_folder");
    fs::create_dir(folder.join("results")).unwrap();
    let place = folder.join("cells.json");
    std::os::unix::fs::symlink(folder.join("results"), &place).unwrap();
    let message = error(1, &as_arguments(&cells("sawtooth:2", place.to_str().unwrap())));
    assert!(message.contains("cells.json: is a directory"), "{message}");
    assert!(fs::symlink_metadata(&place).unwrap().is_symlink());
}

#[cfg(unix)]
#[test]
fn files_keep_their_permissions_and_new_ones_have_those_that_the_user_wants() {
    use std::os::unix::fs::PermissionsExt;
    let folder = fresh("permissions");
    let place = folder.join("cells.json");
    let call = cells("sawtooth:2", place.to_str().unwrap());
    let mode = || fs::metadata(&place).unwrap().permissions().mode() & 0o777;
    for (umask, expected) in [("022", 0o644), ("077", 0o600)] {
        let _ = fs::remove_file(&place);
        let script = format!("umask {umask}; exec \"$0\" \"$@\"");
        let done = Command::new("sh").args(["-c", &script, env!("CARGO_BIN_EXE_plica")]).args(&call).output().unwrap();
        assert!(done.status.success());
        assert_eq!(mode(), expected);
    }
    fs::set_permissions(&place, fs::Permissions::from_mode(0o640)).unwrap();
    stdout(&as_arguments(&call));
    assert_eq!(mode(), 0o640);
    fs::set_permissions(&place, fs::Permissions::from_mode(0o444)).unwrap();
    let before = fs::read(&place).unwrap();
    let message = error(1, &as_arguments(&cells("sawtooth:3", place.to_str().unwrap())));
    assert!(message.contains("cells.json") && message.contains("write-protected"), "{message}");
    assert!(fs::read(&place).unwrap() == before && names(&folder) == ["cells.json"]);
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_no_file_is_written_as_it_stands() {
    use std::os::unix::fs::FileTypeExt;
    let folder = fresh("streams");
    let place = folder.join("cells.json");
    stdout(&as_arguments(&cells("sawtooth:2", place.to_str().unwrap())));
    let expected = fs::read_to_string(&place).unwrap();
    // Standard output, as a pipe and as a file: the cells, and the report behind them.
    let report = stdout(&["regions", "sawtooth:2", "--box", "0,1", "--quiet"]);
    let call = cells("sawtooth:2", "/dev/stdout");
    assert_eq!(stdout(&as_arguments(&call)), format!("{expected}{report}"));
    let redirected = folder.join("redirected");
    assert!(command(&as_arguments(&call)).stdout(fs::File::create(&redirected).unwrap()).status().unwrap().success());
    assert_eq!(fs::read_to_string(&redirected).unwrap(), format!("{expected}{report}"));
    // Other open files, a device, a named pipe.
    let script = "exec \"$0\" \"$@\" 3> \"$OPEN\"";
    let open = folder.join("open");
    let done = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_plica")])
        .args(cells("sawtooth:2", "/dev/fd/3"))
        .env("OPEN", &open)
        .output()
        .unwrap();
    assert!(done.status.success() && fs::read_to_string(&open).unwrap() == expected);
    stdout(&as_arguments(&cells("sawtooth:2", "/dev/null")));
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    assert!(error(1, &as_arguments(&cells("sawtooth:2", "/dev/full"))).contains("/dev/full"));
    let pipe = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writer = command(&as_arguments(&cells("sawtooth:2", pipe.to_str().unwrap()))).stdout(Stdio::null()).spawn().unwrap();
    assert_eq!(fs::read_to_string(&pipe).unwrap(), expected);
    assert!(writer.wait_with_output().unwrap().status.success());
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    assert!(error(1, &as_arguments(&cells("sawtooth:2", folder.to_str().unwrap()))).contains("streams"));
    assert_eq!(names(&folder), ["cells.json", "open", "pipe", "redirected"]);
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_leaves_no_unfinished_file() {
    let folder = fresh("interrupted");
    let place = folder.join("cells.json");
    let call = ["regions", "random:2-48-48-1@1", "--box", "-10,10", "--quiet", "--cells", place.to_str().unwrap()];
    let mut child = command(&call).stdout(Stdio::null()).spawn().unwrap();
    while names(&folder).is_empty() {
        assert!(child.try_wait().unwrap().is_none());
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert!(!place.exists(), "the cells take a while");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(names(&folder).is_empty());
}

#[test]
fn what_killed_sweeps_left_half_written_is_removed() {
    let out = fresh("leftovers");
    fs::write(out.join(".plica-0123456789abcdef.tmp"), "half").unwrap();
    fs::write(out.join("notes.tmp"), "mine").unwrap();
    stdout(&["fold", "cantor:1", &file("leftovers.csv", "0,0\n1,1/2\n"), "--out", out.to_str().unwrap(), "--quiet"]);
    assert_eq!(names(&out), ["chi-distribution.svg", "notes.tmp", "summary.json", "tally.csv"]);
}

/// A `.npy` file of doubles.
fn npy(name: &str, shape: &str, fortran: &str, values: &[f64]) -> String {
    let mut header = format!("{{'descr': '<f8', 'fortran_order': {fortran}, 'shape': {shape}, }}");
    header += &" ".repeat(63 - (10 + header.len()) % 64);
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(values.iter().flat_map(|x| x.to_le_bytes()));
    file(name, bytes)
}

#[test]
fn an_image_is_a_point_whatever_the_shape_of_its_array() {
    let values = [0.0, 0.25, 0.5, 0.75, 1.0, 0.125];
    let expected = json(&["trace", "random:6-5-1@1", "--from", "0,1/4,1/2,3/4,1,1/8", "--to", "1,1,1,1,1,1"]);
    for shape in ["(6,)", "(1, 6)", "(6, 1)", "(2, 3)", "(1, 2, 3)", "(3, 1, 2)", "(1, 1, 2, 3)"] {
        let image = npy("image.npy", shape, "False", &values);
        assert_eq!(json(&["trace", "random:6-5-1@1", "--from", &image, "--to", "1,1,1,1,1,1"]), expected, "{shape}");
    }
    // The order of the numbers is that of rows, independent of their storage.
    let image = npy("image.npy", "(2, 3)", "True", &[0.0, 0.75, 0.25, 1.0, 0.5, 0.125]);
    assert_eq!(json(&["trace", "random:6-5-1@1", "--from", &image, "--to", "1,1,1,1,1,1"]), expected);
    // A file of several points is refused as a point; one of its rows is accepted.
    let data = npy("images.npy", "(2, 2, 3)", "False", &[[9.0; 6], values].concat());
    assert_eq!(json(&["trace", "random:6-5-1@1", "--from", &format!("{data}#1"), "--to", "1,1,1,1,1,1"]), expected);
    assert!(error(1, &["trace", "random:6-5-1@1", "--from", &data, "--to", "1,1,1,1,1,1"]).contains("dimension 12"));
    let nan = npy("nan.npy", "(2, 3)", "False", &[0.0, 0.0, 0.0, 0.0, f64::NAN, 0.0]);
    assert!(error(1, &["trace", "random:6-5-1@1", "--from", &nan, "--to", "1,1,1,1,1,1"]).contains("[1, 1] is NaN"));
}

#[test]
fn images_are_data_one_for_each_first_index() {
    let values: Vec<f64> = (0..24).map(|n| f64::from(n * n % 7) / 8.0).collect();
    let expected = json(&["fold", "random:6-5-1@1", &npy("flat.npy", "(4, 6)", "False", &values), "--quiet"]);
    for shape in ["(4, 6)", "(4, 2, 3)", "(4, 1, 2, 3)"] {
        assert_eq!(json(&["fold", "random:6-5-1@1", &npy("shaped.npy", shape, "False", &values), "--quiet"]), expected, "{shape}");
    }
    let message = error(1, &["fold", "random:6-5-1@1", &npy("row.npy", "(6,)", "False", &values[..6]), "--quiet"]);
    assert!(message.contains("shape 6, expected n x d"), "{message}");
    let labels = npy("labels.npy", "(4, 1, 1)", "False", &[0.0, 1.0, 0.0, 1.0]);
    assert_eq!(run(&["fold", "random:6-5-1@1", path("flat.npy").to_str().unwrap(), "--labels", &labels]).status.code(), Some(1));
}

#[test]
fn a_pipe_in_the_place_of_a_checkpoint_is_refused() {
    let directory = path("piped");
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    assert!(Command::new("mkfifo").arg(directory.join("checkpoint-0.json")).status().unwrap().success());
    let points = file("piped.csv", "0,0.75\n1,0.75\n");
    let text = error(1, &["fold", "cantor:2", &points, "--out", directory.to_str().unwrap(), "--quiet"]);
    assert!(text.contains("not a regular file"), "{text}");
}
