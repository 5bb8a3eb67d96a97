//! Numbers that are in another file in the folder of the .onnx file.

use super::proto;
use crate::data::budget::Budget;
use crate::data::file;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

/// The value of `data_location` for a tensor whose numbers are in another file.
pub(super) const OUTSIDE: i32 = 1;

/// The place of the other files, and the remaining budget of the load.
#[derive(Default)]
pub(super) struct External<'a> {
    /// The path of the .onnx file, if it is known. The other files must be in its folder.
    pub file: Option<&'a Path>,
    pub budget: Budget,
}

impl External<'_> {
    /// Copies all numbers of other files into the model.
    pub fn gather(&self, model: &mut proto::Model) -> Result<(), String> {
        let Some(graph) = &mut model.graph else { return Ok(()) };
        let nodes = graph.node.iter_mut().flat_map(|node| &mut node.attribute).filter_map(|attribute| attribute.t.as_mut());
        for tensor in graph.initializer.iter_mut().chain(nodes).filter(|tensor| tensor.data_location == OUTSIDE) {
            tensor.raw_data = self.read(&tensor.external_data).map_err(|problem| format!("initializer {}: {problem}", tensor.name))?;
            tensor.external_data.clear();
            tensor.data_location = 0;
        }
        Ok(())
    }

    /// The bytes of another file that an entry names. No file outside the folder is opened, not even through links.
    pub fn read(&self, entries: &[proto::Entry]) -> Result<Vec<u8>, String> {
        let value = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str());
        let location = value("location").ok_or("numbers in another file without a name")?;
        let model = self
            .file
            .ok_or_else(|| format!("its numbers are in another file, {location}: expected the path of the .onnx file, not its bytes"))?;
        let number = |key: &str| match value(key) {
            None => Ok(None),
            Some(text) => text.parse::<u64>().map(Some).map_err(|_| format!("{key} `{text}` of the file {location}, expected an integer")),
        };
        let (offset, length) = (number("offset")?.unwrap_or(0), number("length")?);
        let failed = |error: std::io::Error| format!("its numbers are in {location}: {error}");
        let path = beside(model, location)
            .map_err(failed)?
            .ok_or_else(|| format!("its numbers are in {location}, which is not in the folder of the .onnx file"))?;
        let mut file = file::open(&path).map_err(failed)?;
        let available = file.metadata().map_err(failed)?.len().saturating_sub(offset);
        let length = length.unwrap_or(available);
        if length > available {
            return Err(format!("its numbers are in {location}, which ends {} bytes too early", length - available));
        }
        self.budget.check(length.into(), 1)?;
        self.budget.take(length as usize, 1)?;
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }
}

/// The path of a file that is named in a model; `None` if the file is outside the folder of the model, by its name or through a link.
///
/// The folder is that of the model's path before or after its links are resolved: stores of models often link both files to other places.
fn beside(model: &Path, location: &str) -> std::io::Result<Option<PathBuf>> {
    let location = Path::new(location);
    if !location.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Ok(None);
    }
    let folder = match model.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let place = folder.join(location).canonicalize()?;
    let (named, lies) = (folder.canonicalize()?, model.canonicalize()?);
    Ok([Some(&*named), lies.parent()].into_iter().flatten().any(|folder| place.starts_with(folder)).then_some(place))
}
