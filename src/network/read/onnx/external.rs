//! Numbers that stand in another file beside the .onnx file.

use super::proto;
use crate::data::budget::Budget;
use crate::data::file;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

/// What `data_location` says of a tensor whose numbers stand in another file.
pub(super) const OUTSIDE: i32 = 1;

/// Where the other files are, and what is left of the one budget of a reading.
#[derive(Default)]
pub(super) struct External<'a> {
    /// The .onnx file, if it is known: the others lie in its folder.
    pub file: Option<&'a Path>,
    pub budget: Budget,
}

impl External<'_> {
    /// Moves all numbers that stand in other files into the model itself.
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

    /// The bytes that an entry names; nothing outside the folder is opened, wherever links lead.
    pub fn read(&self, entries: &[proto::Entry]) -> Result<Vec<u8>, String> {
        let value = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str());
        let location = value("location").ok_or("numbers in another file that is not named")?;
        let model = self.file.ok_or_else(|| format!("its numbers stand in another file, {location}; read it by its path"))?;
        let number = |key: &str| match value(key) {
            None => Ok(None),
            Some(text) => text.parse::<u64>().map(Some).map_err(|_| format!("{key} `{text}` of the file {location}")),
        };
        let (offset, length) = (number("offset")?.unwrap_or(0), number("length")?);
        let failed = |error: std::io::Error| format!("its numbers stand in {location}: {error}");
        let path = beside(model, location)
            .map_err(failed)?
            .ok_or_else(|| format!("its numbers stand in {location}, which is not beside the file"))?;
        let mut file = file::open(&path).map_err(failed)?;
        let available = file.metadata().map_err(failed)?.len().saturating_sub(offset);
        let length = length.unwrap_or(available);
        if length > available {
            return Err(format!("its numbers stand in {location}, which ends {} bytes too early", length - available));
        }
        self.budget.check(length.into(), 1)?;
        self.budget.take(length as usize, 1)?;
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }
}

/// Where a file lies that is named in a model: `None` outside the model's folder, be it by its name or by a link.
///
/// The folder is the one that the model is named in, or the one that it lies in: stores of models link both files to their places.
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
