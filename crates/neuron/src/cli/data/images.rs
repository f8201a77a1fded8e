//! A folder of images as lines that name them: `CID label`.

use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use protocol::Digest;
use swarm::{Shelf, cid_of, digest_of};

use super::rows::Dropped;

/// Files of a folder at most, as many as a set has examples.
const MAX_FILES: usize = 1 << 20;
/// Bytes of an image at most.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// The longest beginning by which a format is known.
const HEAD: usize = 12;

/// Shows the line of each file of a folder and of those in it to `see`, in the order of their paths; takes images in, where there is a shelf.
/// Hidden files are passed over.
///
/// # Errors
/// When the folder cannot be read, or the shelf is full.
pub fn lines(folder: &Path, shelf: Option<&Shelf>, mut see: impl FnMut(Result<String, Dropped>)) -> Result<()> {
    let mut files = Vec::new();
    list(folder, &mut files)?;
    files.sort();
    for file in files {
        see(match read(&file)? {
            Err(why) => Err(why),
            Ok(bytes) => {
                let digest = match shelf {
                    Some(shelf) => kept(shelf, &file)?,
                    None => digest_of(&bytes),
                };
                Ok(format!("{} {}", cid_of(digest, bytes.len() as u64), label(folder, &file)))
            }
        });
    }
    Ok(())
}

fn kept(shelf: &Shelf, file: &Path) -> Result<Digest> {
    let digest = shelf.add_file(file, |_, _| {})?;
    shelf.pin(digest, super::ipfs::USER)?;
    Ok(digest)
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let unreadable = || format!("cannot read the folder {}", folder.display());
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let (path, kind) = (entry.path(), entry.file_type().with_context(unreadable)?);
        match () {
            () if entry.file_name().to_string_lossy().starts_with('.') => {}
            // Links are not followed: they could lead in a circle.
            () if kind.is_dir() => list(&path, files)?,
            () if kind.is_file() => files.push(path),
            () => {}
        }
        ensure!(files.len() <= MAX_FILES, "{} has more than {MAX_FILES} files: split it", folder.display());
    }
    Ok(())
}

fn read(path: &Path) -> Result<Result<Vec<u8>, Dropped>> {
    let unreadable = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(unreadable)?;
    let mut head = Vec::new();
    file.by_ref().take(HEAD as u64).read_to_end(&mut head).with_context(unreadable)?;
    if !is_image(&head) {
        return Ok(Err(Dropped::NoImage));
    }
    if file.metadata().with_context(unreadable)?.len() > MAX_BYTES {
        return Ok(Err(Dropped::Long(MAX_BYTES)));
    }
    file.read_to_end(&mut head).with_context(unreadable)?;
    Ok(Ok(head))
}

/// Whether a file begins as a PNG, JPEG, GIF, WebP, BMP or TIFF does.
fn is_image(head: &[u8]) -> bool {
    let begins = [&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*"];
    begins.iter().any(|begin| head.starts_with(begin)) || (head.starts_with(b"RIFF") && head.ends_with(b"WEBP"))
}

/// The name of the folder that a file is in, `-` where that is the whole one; blanks in it become `_`.
fn label(folder: &Path, file: &Path) -> String {
    let above = file.parent().filter(|above| *above != folder).and_then(Path::file_name).map(|name| name.to_string_lossy());
    let word = above.map_or_else(|| "-".to_owned(), std::borrow::Cow::into_owned);
    word.chars().map(|letter| if letter.is_whitespace() || letter.is_control() { '_' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_how_a_file_begins() {
        for (head, is_one) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\r"[..], true),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", true),
            (b"GIF89a", true),
            (b"RIFF\x10\0\0\0WEBP", true),
            (b"RIFF\x10\0\0\0WAVE", false),
            (b"<svg xmlns=", false),
            (b"", false),
        ] {
            assert_eq!(is_image(head), is_one, "{head:?}");
        }
    }

    #[test]
    fn a_label_is_one_word() {
        let folder = Path::new("photos");
        for (file, wanted) in [("photos/1.png", "-"), ("photos/cat/1.png", "cat"), ("photos/x/big dog/1.png", "big_dog")] {
            assert_eq!(label(folder, Path::new(file)), wanted);
        }
    }
}
