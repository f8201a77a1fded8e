//! How a file came about: written down when its training ends, told to all once its claim stands revealed.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use protocol::{Digest, RoundNumber, log::TrainingBody};
use training::Note;

pub const NAME: &str = "training.json";

/// The note of the newest file that was trained here. Clones share it.
#[derive(Clone)]
pub struct Notes {
    path: PathBuf,
    held: Arc<Mutex<Option<Note>>>,
}

impl Notes {
    /// Reads what was not told yet; without it others cannot repeat a run, and nothing else is lost.
    pub fn open(data: &Path) -> Self {
        let path = data.join(NAME);
        let held = fs::read_to_string(&path).ok().and_then(|text| {
            let damaged = |error| tracing::warn!("{} is left aside: {error}", path.display());
            Note::parse(&text).map_err(damaged).ok()
        });
        Self { path, held: Arc::new(Mutex::new(held)) }
    }

    fn held(&self) -> MutexGuard<'_, Option<Note>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the place of the one before.
    pub fn keep(&self, note: Note) {
        if let Err(error) = fs::write(&self.path, note.to_text()) {
            tracing::warn!("cannot write {}: {error}", self.path.display());
        }
        *self.held() = Some(note);
    }

    /// What is to be told once one's own claim of `file` stands revealed: earlier it would give the file away.
    pub fn revealed(&self, round: RoundNumber, file: Digest) -> Option<TrainingBody> {
        let text = self.held().as_ref().filter(|note| (note.round, note.file) == (round.0, file.0)).map(Note::to_text)?;
        // The text has the keys of such a message.
        TrainingBody::from_json(&text).ok()
    }

    /// It was told, and is not told again.
    pub fn told(&self, file: Digest) {
        if self.held().take_if(|note| note.file == file.0).is_some() {
            // What would remain on disk would only be told once more.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use training::{Plan, Settings};

    fn note(round: u64, file: u8) -> Note {
        let plan = Plan { settings: Settings::default(), seed: 5, steps: 10 };
        Note { round, file: [file; 32], starts: vec![[1; 32]], head: [2; 32], plan, done: 9 }
    }

    #[test]
    fn a_note_is_told_for_its_own_claim_alone_and_once_even_after_a_restart() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let notes = Notes::open(folder.path());
        notes.keep(note(3, 1));
        notes.keep(note(4, 7));
        let (round, file) = (RoundNumber(4), Digest([7; 32]));
        for (round, file) in [(RoundNumber(3), Digest([1; 32])), (RoundNumber(3), file), (round, Digest([1; 32]))] {
            assert_eq!(notes.revealed(round, file), None, "round {round}, {file}");
        }
        let notes = Notes::open(folder.path());
        let told = notes.revealed(round, file).expect("its claim");
        assert_eq!(Note::parse(&told.to_json()).expect("a note"), note(4, 7));
        notes.told(file);
        assert_eq!(notes.revealed(round, file), None, "once");
        assert_eq!(Notes::open(folder.path()).revealed(round, file), None, "not after a restart either");
    }

    #[test]
    fn a_damaged_note_is_left_aside() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join(NAME), "{\"round\":4").expect("written");
        let notes = Notes::open(folder.path());
        notes.keep(note(4, 7));
        assert!(notes.revealed(RoundNumber(4), Digest([7; 32])).is_some());
    }
}
