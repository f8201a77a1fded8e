//! Files of a folder that others wrote: read whole where they must be small, mapped where they may be large.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use memmap2::Mmap;

use crate::refusal::{Refusal, shown};

/// Longest configuration or index in bytes.
pub(crate) const TEXT_MAX: u64 = 16 << 20;

/// Reads a file of at most `most` bytes.
pub(crate) fn small(path: &Path, most: u64) -> Result<Vec<u8>, Refusal> {
    let file = File::open(path).map_err(|error| Refusal::file(path, "open", &error))?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| Refusal::file(path, "read", &error))?;
    if bytes.len() as u64 > most {
        let name = shown(&path.display().to_string());
        return Err(Refusal::new(format_args!("{name} has more than {most} bytes: this is no file of its kind, bring the right one")));
    }
    Ok(bytes)
}

/// Maps a file, so that its bytes come when they are looked at. It must stay as it is meanwhile: a file that another program cuts short
/// ends this one.
///
/// # Errors
/// When it cannot be opened or mapped, or is empty.
pub fn map(path: &Path) -> Result<Mmap, Refusal> {
    let file = File::open(path).map_err(|error| Refusal::file(path, "open", &error))?;
    let length = file.metadata().map_err(|error| Refusal::file(path, "read", &error))?.len();
    if length == 0 {
        return Err(Refusal::new(format_args!("{} is empty: bring it again", shown(&path.display().to_string()))));
    }
    // SAFETY: the map is only read, and nothing here writes to a file that is mapped. Whoever asks for it leaves the file alone meanwhile.
    let map = unsafe { Mmap::map(&file) }.map_err(|error| Refusal::file(path, "map", &error))?;
    // A system that does not know the advice reads as it always does.
    #[cfg(unix)]
    let _ = map.advise(memmap2::Advice::Sequential);
    Ok(map)
}
