//! Weights as others store them: safetensors files of a folder, one or several, each mapped and held to its own header.

mod header;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use serde::Deserialize;
use serde_json::Value;

use crate::files::{TEXT_MAX, map, small};
use crate::refusal::{Reasons, Refusal, shown};

pub(crate) use header::entries;
pub(crate) use write::{Listed, header};

/// Name of the file, if there is one.
pub(crate) const SINGLE: &str = "model.safetensors";
/// Name of the list of files, if there are several.
pub(crate) const INDEX: &str = "model.safetensors.index.json";
/// Most files of a folder.
const FILES_MAX: usize = 1024;

/// Kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// binary32.
    F32,
    /// binary16.
    F16,
    /// The upper half of a binary32.
    Bf16,
}

impl Kind {
    /// The kind of this name in a header.
    pub(crate) fn of(name: &str) -> Option<Self> {
        [Self::F32, Self::F16, Self::Bf16].into_iter().find(|kind| kind.name() == name)
    }

    /// As headers write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
        }
    }

    /// Bytes of a value.
    pub(crate) fn bytes(self) -> usize {
        if self == Self::F32 { 4 } else { 2 }
    }
}

/// One tensor of a file: what its header says, and where its bytes lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// As the header names it; only those of [`Kind`] are read.
    pub(crate) kind: String,
    pub(crate) shape: Vec<u64>,
    /// First byte in the file, and the one behind the last.
    pub(crate) place: (usize, usize),
}

/// The weights of a folder.
pub(crate) struct Weights {
    files: Vec<Mmap>,
    /// Number of the file and the entry, by the tensor's name.
    tensors: BTreeMap<String, (usize, Entry)>,
    /// What differs from the list of files and changes nothing, a sentence.
    note: Option<String>,
}

/// The list of files.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
    /// Of any kind: other tools read on whatever stands there.
    #[serde(default)]
    metadata: Value,
}

impl Weights {
    /// Maps the files of a folder and reads their headers.
    pub(crate) fn open(folder: &Path) -> Result<Self, Refusal> {
        let (single, index) = (folder.join(SINGLE), folder.join(INDEX));
        match (single.is_file(), index.is_file()) {
            (true, true) => Err(Refusal::new(format_args!("the folder holds {SINGLE} and {INDEX}: remove the one that is not meant"))),
            (true, false) => Self::read([single].into()),
            (false, true) => Self::several(folder, &index),
            (false, false) => Err(Refusal::new(format_args!(
                "the folder holds neither {SINGLE} nor {INDEX}: save the model there by save_pretrained, with safetensors"
            ))),
        }
    }

    fn several(folder: &Path, index: &Path) -> Result<Self, Refusal> {
        let index: Index = serde_json::from_slice(&small(index, TEXT_MAX)?).map_err(|error| {
            Refusal::new(format_args!("{INDEX} is no list of files ({}): save the model again", shown(&error.to_string())))
        })?;
        let names: BTreeSet<&String> = index.weight_map.values().collect();
        if names.len() > FILES_MAX {
            return Err(Refusal::new(format_args!("{INDEX} names more than {FILES_MAX} files: save the model in fewer")));
        }
        if let Some(name) = names.iter().find(|name| !is_plain(name)) {
            return Err(Refusal::new(format_args!("{INDEX} names {}, which is no safetensors file of the folder", shown(name))));
        }
        let weights = Self::read(names.iter().map(|name| folder.join(name)).collect())?;
        weights.agrees(&index, &names)
    }

    /// Whether each tensor is in the file that the list names, and no other is there.
    fn agrees(self, index: &Index, names: &BTreeSet<&String>) -> Result<Self, Refusal> {
        let mut reasons = Reasons::default();
        for (name, file) in &index.weight_map {
            let place = names.iter().position(|other| *other == file);
            if self.tensors.get(name).map(|(file, _)| *file) != place {
                reasons.add(format_args!("{INDEX} says that {} is in {}, where it is not", shown(name), shown(file)));
            }
        }
        for name in self.tensors.keys().filter(|name| !index.weight_map.contains_key(*name)) {
            reasons.add(format_args!("{} is in a file, but not in {INDEX}", shown(name)));
        }
        let note = self.other_size(index);
        reasons.or(Self { note, ..self })
    }

    /// The size that the list says, where it is another one. Tools that merge models leave an old one behind, and none looks at it.
    fn other_size(&self, index: &Index) -> Option<String> {
        let said = index.metadata.get("total_size").filter(|said| !said.is_null())?;
        let bytes: usize = self.tensors.values().map(|(_, entry)| entry.place.1 - entry.place.0).sum();
        let is_other = said.as_f64() != Some(bytes as f64);
        is_other.then(|| {
            format!("{INDEX} says that total_size is {}, the tensors have {bytes} bytes: these are taken", shown(&said.to_string()))
        })
    }

    fn read(paths: Vec<PathBuf>) -> Result<Self, Refusal> {
        let (mut files, mut tensors) = (Vec::new(), BTreeMap::new());
        for (number, path) in paths.iter().enumerate() {
            let file = map(path)?;
            for entry in entries(&file).map_err(|reason| Refusal::new(format_args!("{}: {reason}", shown(&path.display().to_string()))))? {
                if let Some((_, twice)) = tensors.insert(entry.name.clone(), (number, entry)) {
                    return Err(Refusal::new(format_args!("{} is in two files: save the model again", shown(&twice.name))));
                }
            }
            files.push(file);
        }
        Ok(Self { files, tensors, note: None })
    }

    /// What differs from the list of files and changes nothing.
    pub(crate) fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The entry of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Entry> {
        self.tensors.get(name).map(|(_, entry)| entry)
    }

    /// All names, ascending.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The values of a tensor as they are stored, row-major; nothing if there is none.
    pub(crate) fn bytes(&self, name: &str) -> &[u8] {
        let found = self.tensors.get(name).and_then(|(file, entry)| self.files.get(*file)?.get(entry.place.0..entry.place.1));
        found.unwrap_or_default()
    }
}

/// Whether it is the name of a file in the folder itself.
fn is_plain(name: &str) -> bool {
    name.ends_with(".safetensors") && !name.contains(['/', '\\', ':', '\0']) && !name.starts_with('.')
}
