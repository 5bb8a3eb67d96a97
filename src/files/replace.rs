//! The one way in which files are written: beside the old one, under a name of their own, and then in its place.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Writes a file that appears whole or not at all: whatever ends the process, the path has the old content or all of the new.
///
/// The new content gathers in a file of its own in the same folder, which is put on the disk and then renamed. So two processes that write to one
/// path leave the content of one of them. A file that was there keeps its permissions; one that is write-protected is refused. A symbolic link is
/// replaced by the file, and what it leads to stays as it is; one to a directory is refused, as a directory is. What is no file is written as it stands: a named pipe, a terminal,
/// `/dev/null`, and an open file of the process such as `/dev/stdout` or `/dev/fd/3`, where the content comes after what was written before.
///
/// ```
/// let path = std::env::temp_dir().join(format!("plica-example-{}", std::process::id()));
/// plica::files::replace(&path, |file| file.write_all(b"all of it")).unwrap();
/// assert_eq!(std::fs::read(&path).unwrap(), b"all of it");
/// # std::fs::remove_file(&path).unwrap();
/// ```
///
/// # Errors
/// What the file system says, or `write`: no file is left then beside the old one.
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

/// What a path stands for.
enum Target {
    /// A file, or nothing yet; with the permissions that it has.
    File(Option<Permissions>),
    /// Something that takes bytes and cannot be replaced.
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
            Err(io::Error::other("neither a file nor a stream"))
        }
    }
}

/// Whether a kind of file takes bytes one after the other: a pipe or a device such as a terminal, not a disk.
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

/// Names by which the system shows the files that a process has open.
#[derive(PartialEq)]
enum System {
    /// Another name.
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
        // On Linux /dev/stdout leads to /proc/self/fd/1, and /dev/fd to /proc/self/fd.
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
    // On the disk before the name is: after a loss of power the name must not stand for an empty file.
    file.get_ref().sync_all()?;
    temporary.becomes(path)?;
    sync_folder(folder(path))
}

/// The temporary files that this process is writing.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file under a name that only this process knows; it is gone when this is dropped.
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
            // Never a file that is there, nor what a link of that name leads to.
            match File::create_new(&temporary) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < 100 => tries += 1,
                Err(error) => return Err(error),
                Ok(file) => {
                    // What tells it from a file that a killed process left; without locks none is taken for one.
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
            let _ = fs::remove_file(&self.path); // the first error says more
        }
    }
}

/// Removes what is being written, in a process that is about to end: from now on it begins and finishes no file.
pub fn discard_unfinished() {
    let mut unfinished = unfinished();
    for path in std::mem::take(&mut *unfinished) {
        let _ = fs::remove_file(path); // the process ends whatever happens here
    }
    std::mem::forget(unfinished);
}

/// Whether a file has a name such as [`replace`] gives to what it has not finished.
pub fn is_temporary(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(BEGIN) && name.ends_with(END))
}

/// Removes from a folder what processes left that were killed while they wrote; what another process is writing stays.
///
/// # Errors
/// A folder that cannot be read.
pub fn remove_leftovers(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_temporary(&entry.file_name())
            && entry.file_type()?.is_file()
            && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok())
        {
            let _ = fs::remove_file(entry.path()); // one that stays does no harm
        }
    }
    Ok(())
}

/// The folder of a path.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Puts the name on the disk too, so that files reach it in the order in which they are written.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(()); // elsewhere a folder is no file that can be opened
    }
    // One that may be written but not read has its file all the same.
    let Ok(folder) = File::open(folder) else { return Ok(()) };
    match folder.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with nothing in it.
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
