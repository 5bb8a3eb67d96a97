//! The one way in which files are written: under a temporary name in the same folder, and then renamed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Writes a file that appears whole or not at all: however the process ends, the path has the old content or all of the new content.
///
/// The new content is written to a temporary file in the same folder, synchronised with the disk, and then renamed. If two processes write
/// to one path, the content of one of them remains. An existing file keeps its permissions; a write-protected file is refused. A symbolic
/// link to a file is replaced, and the file to which it points stays as it is. A directory, or a link to one, is refused.
///
/// The following are no regular files and are written to directly: a named pipe, a terminal, `/dev/null`, and an open file of the process
/// such as `/dev/stdout` or `/dev/fd/3`, where the content is appended to what was written before.
///
/// ```
/// let path = std::env::temp_dir().join(format!("plica-example-{}", std::process::id()));
/// plica::files::replace(&path, |file| file.write_all(b"all of it")).unwrap();
/// assert_eq!(std::fs::read(&path).unwrap(), b"all of it");
/// # std::fs::remove_file(&path).unwrap();
/// ```
///
/// # Errors
/// An error of the file system, or of `write`. The temporary file is then removed.
pub fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    match Target::of(path)? {
        Target::File(permissions) => whole(path, permissions, write),
        Target::Stream(stream) => {
            let mut stream = BufWriter::new(stream);
            write(&mut stream)?;
            stream.flush()
        }
    }
}

/// The kind of a path.
enum Target {
    /// A file with its permissions, or a path at which there is nothing yet.
    File(Option<Permissions>),
    /// A stream: bytes can be written to it, but it cannot be replaced.
    Stream(Box<dyn Write>),
}

impl Target {
    fn of(path: &Path) -> io::Result<Self> {
        let found = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::File(None)),
            found => found?,
        };
        let (kind, system) = (found.file_type(), System::of(path));
        if system == System::Output {
            Ok(Self::Stream(Box::new(io::stdout())))
        } else if system == System::Open || is_stream(kind) {
            Ok(Self::Stream(Box::new(File::options().append(true).open(path)?)))
        } else if kind.is_dir() || (kind.is_symlink() && path.is_dir()) {
            Err(io::ErrorKind::IsADirectory.into())
        } else if kind.is_symlink() {
            Ok(Self::File(None))
        } else if kind.is_file() && found.permissions().readonly() {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is write-protected"))
        } else if kind.is_file() {
            Ok(Self::File(Some(found.permissions())))
        } else {
            Err(io::Error::other("neither a file nor a stream: expected a file, a pipe or a terminal"))
        }
    }
}

/// Whether a file of this kind is a stream: a pipe, or a device such as a terminal, but not a disk.
fn is_stream(kind: fs::FileType) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        kind.is_fifo() || kind.is_char_device()
    }
    #[cfg(not(unix))]
    {
        let _ = kind;
        false
    }
}

/// Whether a path is a name under which the system shows an open file of the process.
#[derive(PartialEq)]
enum System {
    /// It is another name.
    No,
    /// Standard output.
    Output,
    /// Another open file.
    Open,
}

impl System {
    fn of(path: &Path) -> Self {
        let real = |path: &Path| path.canonicalize().unwrap_or_default();
        let (folder, name) = (real(folder(path)), path.file_name().unwrap_or_default());
        // On Linux /dev/stdout is a link to /proc/self/fd/1, and /dev/fd one to /proc/self/fd.
        let of_process = folder == Path::new("/dev/fd") || folder == real(Path::new("/proc/self/fd"));
        if (of_process && name == "1") || (folder == Path::new("/dev") && name == "stdout") {
            Self::Output
        } else if of_process || (folder == Path::new("/dev") && name == "stderr") || folder.starts_with("/proc") {
            Self::Open
        } else {
            Self::No
        }
    }
}

fn whole(path: &Path, permissions: Option<Permissions>, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let (temporary, file) = Temporary::beside(path)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    let mut file = BufWriter::new(file);
    write(&mut file)?;
    file.flush()?;
    // The content must be on the disk before the name is: otherwise the name may stand for an empty file after a loss of power.
    file.get_ref().sync_all()?;
    temporary.becomes(path)?;
    sync_folder(folder(path))
}

/// The temporary files that this process is writing.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file under a name that only this process uses. It is removed when this value is dropped.
struct Temporary {
    path: PathBuf,
}

const BEGIN: &str = ".plica-";
const END: &str = ".tmp";

impl Temporary {
    fn beside(path: &Path) -> io::Result<(Self, File)> {
        let name = |random: u64| path.with_file_name(format!("{BEGIN}{random:016x}{END}"));
        let mut tries = 0;
        loop {
            let temporary = name(std::hash::RandomState::new().build_hasher().finish());
            let mut unfinished = unfinished();
            // `create_new` opens no existing file, and does not follow a link of that name.
            match File::create_new(&temporary) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < 100 => tries += 1,
                Err(error) => return Err(error),
                Ok(file) => {
                    // The lock marks the file as in use, unlike one that a killed process left. Without locks no file is removed as a
                    // leftover.
                    let _ = file.try_lock();
                    unfinished.insert(temporary.clone());
                    return Ok((Self { path: temporary }, file));
                }
            }
        }
    }

    fn becomes(self, path: &Path) -> io::Result<()> {
        let mut unfinished = unfinished();
        fs::rename(&self.path, path)?;
        unfinished.remove(&self.path);
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if unfinished().remove(&self.path) {
            let _ = fs::remove_file(&self.path); // the first error is the more useful one
        }
    }
}

/// Removes the temporary files, in a process that is about to end. From now on this process begins and finishes no file.
pub fn discard_unfinished() {
    let mut unfinished = unfinished();
    for path in std::mem::take(&mut *unfinished) {
        let _ = fs::remove_file(path); // the process ends in any case
    }
    std::mem::forget(unfinished);
}

/// Whether a file has a name that [`replace`] gives to temporary files.
pub fn is_temporary(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(BEGIN) && name.ends_with(END))
}

/// Removes from a folder the temporary files of killed processes. Files that another process is writing stay.
///
/// # Errors
/// The folder cannot be read.
pub fn remove_leftovers(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_temporary(&entry.file_name())
            && entry.file_type()?.is_file()
            && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok())
        {
            let _ = fs::remove_file(entry.path()); // a leftover that stays does no harm
        }
    }
    Ok(())
}

/// The folder of a path.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Synchronises the folder with the disk, so that files appear there in the order in which they are written.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(()); // other systems do not open a folder as a file
    }
    // A folder that may be written but not read contains the file nevertheless.
    let Ok(folder) = File::open(folder) else { return Ok(()) };
    match folder.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty folder.
    fn fresh(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("plica-files-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn an_error_or_a_panic_in_the_middle_leaves_the_old_content_and_nothing_else() {
        let folder = fresh("middle");
        let path = folder.join("a");
        fs::write(&path, "old").unwrap();
        let half = |file: &mut dyn Write| {
            file.write_all(&[0; 100_000])?;
            Err(io::ErrorKind::StorageFull.into())
        };
        assert_eq!(replace(&path, half).unwrap_err().kind(), io::ErrorKind::StorageFull);
        let panic = std::panic::catch_unwind(|| replace(&path, |_| panic!("in the middle")));
        assert!(panic.is_err());
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), names(&folder)), ("old", vec!["a".to_string()]));
        replace(&path, |file| file.write_all(b"new")).unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), names(&folder)), ("new", vec!["a".to_string()]));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn leftovers_of_the_dead_go_and_files_of_the_living_stay() {
        let folder = fresh("leftovers");
        fs::write(folder.join(".plica-0123456789abcdef.tmp"), "half").unwrap();
        fs::write(folder.join("mine.tmp"), "mine").unwrap();
        let (living, _file) = Temporary::beside(&folder.join("a")).unwrap();
        remove_leftovers(&folder).unwrap();
        let name = living.path.file_name().unwrap().to_str().unwrap().to_string();
        assert_eq!(names(&folder), [name, "mine.tmp".to_string()]);
        drop(living);
        assert_eq!(names(&folder), ["mine.tmp"]);
        fs::remove_dir_all(folder).unwrap();
    }
}
