//! Passwords and other secrets in words: from a file, a variable, or whoever sits at the terminal.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Read as _},
    ops::Deref,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
#[cfg(unix)]
use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use zeroize::Zeroizing;

/// The largest file of a secret that is read, bytes.
const FILE_BYTES_LIMIT: u64 = 64 * 1024;
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A text that is wiped from memory when it goes, and that nothing prints.
#[derive(PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl Deref for Secret {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Where a password comes from: the first line of a file, else a variable, else the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordSource {
    pub file: Option<PathBuf>,
    pub variable: &'static str,
    /// Takes the line as it is, whatever stands at its ends.
    pub as_is: bool,
}

impl PasswordSource {
    /// The password of what already has one.
    ///
    /// # Errors
    /// When there is none, or it has something at its ends that is hardly meant.
    pub fn read(&self, of: &Path) -> Result<Secret> {
        if let Some(given) = self.given()? {
            return Ok(given);
        }
        let help =
            || format!("no password for {}: name a password file, set {}, or call this from a terminal", of.display(), self.variable);
        asked(&format!("Password for {}: ", of.display())).with_context(help)
    }

    /// A password for something new: not empty, and typed twice.
    ///
    /// # Errors
    /// As [`PasswordSource::read`].
    pub fn read_new(&self, of: &Path) -> Result<Secret> {
        let is_typed = !self.is_given();
        let password = self.read(of)?;
        ensure!(!password.is_empty(), "the password is empty: whoever finds the file would own the key");
        if is_typed {
            ensure!(asked("The same again: ")? == password, "the two passwords differ: nothing was written, begin anew");
        }
        Ok(password)
    }

    /// Whether nobody has to be asked.
    pub fn is_given(&self) -> bool {
        self.file.is_some() || std::env::var_os(self.variable).is_some()
    }

    fn given(&self) -> Result<Option<Secret>> {
        if let Some(path) = &self.file {
            let text = read(path)?;
            return self.checked(text.split('\n').next().unwrap_or_default(), &path.display().to_string()).map(Some);
        }
        match std::env::var(self.variable) {
            Ok(text) => self.checked(&Zeroizing::new(text), self.variable).map(Some),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(_) => bail!("the password in {} is not UTF-8 text: set it anew", self.variable),
        }
    }

    fn checked(&self, line: &str, place: &str) -> Result<Secret> {
        match surprise(line) {
            Some(found) if !self.as_is => bail!(
                "the password in {place} {found}: write it anew without, or say --password-as-is (in a configuration `password_as_is = true`) \
                 if that belongs to it"
            ),
            _ => Ok(Secret::new(line.to_owned())),
        }
    }
}

/// What at the ends of a password is hardly meant.
fn surprise(line: &str) -> Option<&'static str> {
    if line.starts_with(BYTE_ORDER_MARK) {
        return Some("begins with a byte order mark");
    }
    if line.ends_with('\r') {
        return Some("ends with a carriage return, as lines do on Windows");
    }
    if line.ends_with('\n') {
        return Some("ends with a line break");
    }
    (line.trim() != line).then_some("begins or ends with a blank")
}

/// A whole file, or standard input if it is named `-`.
///
/// # Errors
/// When it cannot be read, is too large, or is no text.
pub fn read(path: &Path) -> Result<Secret> {
    let shown = || format!("cannot read {}", path.display());
    let source: Box<dyn io::Read> =
        if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path).with_context(shown)?) };
    // As large as it can become: what grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_BYTES_LIMIT as usize + 1));
    source.take(FILE_BYTES_LIMIT + 1).read_to_end(&mut bytes).with_context(shown)?;
    ensure!(bytes.len() as u64 <= FILE_BYTES_LIMIT, "{} is larger than {FILE_BYTES_LIMIT} bytes: is it the right file?", path.display());
    ensure!(!bytes.starts_with(b"\xff\xfe") && !bytes.starts_with(b"\xfe\xff"), "{} is UTF-16 text: save it as UTF-8", path.display());
    let text = std::str::from_utf8(&bytes).with_context(|| format!("{} is not UTF-8 text: save it as such", path.display()))?;
    Ok(Secret::new(text.to_owned()))
}

/// What somebody types, unseen.
///
/// # Errors
/// When nobody sits there.
pub fn asked(prompt: &str) -> Result<Secret> {
    ensure!(io::stderr().is_terminal(), "there is no terminal to ask at");
    #[cfg(unix)]
    let _unseen = Unseen::begin().context("the terminal cannot be told to show nothing: name a password file")?;
    Ok(Secret::new(rpassword::prompt_password(prompt).context("nothing was typed")?))
}

/// The terminal shows nothing of what is typed, from before the question on: `rpassword` tells it so only after, and who pastes at
/// once would see it.
#[cfg(unix)]
struct Unseen {
    terminal: File,
    before: Termios,
}

#[cfg(unix)]
impl Unseen {
    fn begin() -> io::Result<Self> {
        let terminal = File::open("/dev/tty")?;
        let before = termios::tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        termios::tcsetattr(&terminal, OptionalActions::Now, &silent)?;
        Ok(Self { terminal, before })
    }
}

#[cfg(unix)]
impl Drop for Unseen {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing any more.
        _ = termios::tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(file: &Path, as_is: bool) -> PasswordSource {
        PasswordSource { file: Some(file.to_owned()), variable: "NEURON_NO_SUCH_PASSWORD", as_is }
    }

    #[test]
    fn what_stands_around_a_password_is_named_and_never_swallowed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("password");
        let both = |bytes: &[u8]| {
            std::fs::write(&path, bytes).expect("written");
            let read = |as_is| source(&path, as_is).read(Path::new("key.json")).map(|password| password.to_string());
            (read(false).map_err(|error| format!("{error:#}")), read(true).ok())
        };
        for (bytes, plain) in
            [(&b"pw"[..], "pw"), (b"pw\n", "pw"), (b"pw\nmore\n", "pw"), ("pä ss\n".as_bytes(), "pä ss"), (b"", ""), (b"\npw", "")]
        {
            assert_eq!(both(bytes), (Ok(plain.to_owned()), Some(plain.to_owned())), "{bytes:?}");
        }
        for (bytes, found, as_is) in [
            (&b"\xef\xbb\xbfpw\n"[..], "byte order mark", Some("\u{feff}pw")),
            (b"pw\r\n", "carriage return", Some("pw\r")),
            (b"pw \n", "a blank", Some("pw ")),
            (b"pw \r\n", "carriage return", Some("pw \r")),
            (b"\tpw", "a blank", Some("\tpw")),
            (b"\xff\xfep\0w\0", "UTF-16", None),
            (b"p\xe4", "not UTF-8", None),
        ] {
            let (refusal, taken) = both(bytes);
            let refusal = refusal.expect_err(found);
            assert!(refusal.contains(found) && refusal.contains("password"), "{refusal}");
            assert_eq!(taken.as_deref(), as_is, "{bytes:?}");
        }
        assert!(both(&[b'p'; FILE_BYTES_LIMIT as usize + 1]).0.expect_err("too large").contains("larger than"));
        let missing = source(&folder.path().join("none"), false).read(Path::new("key.json"));
        assert!(format!("{:#}", missing.err().expect("missing")).contains("none"));
    }

    #[test]
    fn a_new_password_is_not_empty() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("password");
        std::fs::write(&path, "\n").expect("written");
        let refusal = source(&path, false).read_new(Path::new("key.json")).err().expect("empty").to_string();
        assert!(refusal.contains("the password is empty"), "{refusal}");
    }
}
