//! Seeded bugs: applies the committed mutations of contracts and crates one by one and demands that a test notices each.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::{
    ground::{End, Ground, Suite},
    tools,
};

/// Where the lists are; `token.toml` among them says what the fields are.
const LISTS: &str = "mutants";

/// One bug: the text of a source that is replaced, and where the tests that must notice are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutant {
    name: String,
    file: String,
    find: String,
    replace: String,
    /// Forge profile; by default that of the file's room.
    profile: Option<String>,
    /// Regular expression over the contracts of tests, to be quicker; by default all of the profile.
    tests: Option<String>,
    /// Of a Rust source: packages whose tests must notice, the quicker first.
    crates: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

/// Only looks whether every mutation still fits the sources.
///
/// # Errors
/// When the list is malformed or a mutation's text is not in its file exactly once.
pub fn check() -> Result<()> {
    let mutants = read(None)?;
    println!("{} mutants fit the sources", mutants.len());
    Ok(())
}

/// Runs the tests of all mutants, of those in one list or of one; the last line is `N mutants, N killed`.
///
/// # Errors
/// When a mutant survives or cannot be compiled, or the tests fail without any mutation.
pub fn run(only: Option<&str>) -> Result<()> {
    let mutants = read(only)?;
    let suites = mutants.iter().map(Mutant::suite).collect::<Result<BTreeSet<_>>>()?;
    let ground = Ground::prepare(&suites)?;
    let (mut killed, mut left) = (0, Vec::new());
    for mutant in &mutants {
        let start = Instant::now();
        let suite = mutant.suite()?;
        let end = ground.test(&suite, &mutant.file, &mutate(mutant, ground.root(&suite)?)?)?;
        let seconds = start.elapsed().as_secs();
        match end {
            End::Killed(test) => {
                killed += 1;
                println!("killed    {} ({seconds} s, {test})", mutant.name);
            }
            End::Survived => {
                println!("SURVIVED  {} ({seconds} s, {})", mutant.name, mutant.file);
                left.push(format!("{} survived: no test notices it", mutant.name));
            }
            End::Broken(why) => {
                println!("BROKEN    {} ({seconds} s)", mutant.name);
                left.push(format!("{} does not compile: {why}", mutant.name));
            }
        }
    }
    for line in &left {
        println!("{line}");
    }
    println!("{} mutants, {killed} killed", mutants.len());
    ensure!(left.is_empty(), "add a test for each mutant that survived, mend in {LISTS}/ each that does not compile");
    Ok(())
}

fn read(only: Option<&str>) -> Result<Vec<Mutant>> {
    let mut mutants = Vec::new();
    for path in lists()? {
        let content = fs::read_to_string(&path)?;
        let list: List = toml::from_str(&content).with_context(|| format!("{} is no list of mutants", path.display()))?;
        let whole = only.is_none() || path.file_stem().and_then(|stem| stem.to_str()) == only;
        mutants.extend(list.mutant.into_iter().filter(|mutant| whole || Some(&*mutant.name) == only));
    }
    ensure!(!mutants.is_empty(), "neither a mutant nor a list in {LISTS}/ has the name {}", only.unwrap_or("*.toml"));
    let errors = unfit(&mutants);
    ensure!(errors.is_empty(), "{LISTS}/ does not fit the sources:\n  {}", errors.join("\n  "));
    Ok(mutants)
}

fn lists() -> Result<BTreeSet<PathBuf>> {
    let folder = tools::root().join(LISTS);
    let entries = fs::read_dir(&folder).with_context(|| format!("{} is missing", folder.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<BTreeSet<_>>>()?;
    Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect())
}

fn unfit(mutants: &[Mutant]) -> Vec<String> {
    let mut names = BTreeSet::new();
    let mut errors = Vec::new();
    for mutant in mutants {
        if !names.insert(&mutant.name) {
            errors.push(format!("{}: a second mutant of that name", mutant.name));
        }
        if let Err(error) = mutate(mutant, &tools::root()) {
            errors.push(format!("{}: {error:#}", mutant.name));
        }
    }
    errors
}

/// The mutated text of the mutant's file below `root`.
fn mutate(mutant: &Mutant, root: &Path) -> Result<String> {
    let source = fs::read_to_string(root.join(&mutant.file)).with_context(|| format!("cannot read {}", mutant.file))?;
    ensure!(mutant.find != mutant.replace, "`find` and `replace` are the same");
    match source.matches(&mutant.find).count() {
        1 => Ok(source.replacen(&mutant.find, &mutant.replace, 1)),
        0 => bail!("`find` is not in {}: write it as the source has it now", mutant.file),
        times => bail!("`find` is {times} times in {}: take in more of its surroundings", mutant.file),
    }
}

impl Mutant {
    fn suite(&self) -> Result<Suite> {
        if let Some(packages) = &self.crates {
            return Ok(Suite::Crates(packages.clone()));
        }
        let profile = match (&self.profile, self.file.split('/').next()) {
            (Some(profile), _) => profile,
            (None, Some("token")) => "token",
            (None, Some("governance")) => "default",
            _ => bail!("{}: {} is in no room with contracts; name the profile, or the crates", self.name, self.file),
        };
        Ok(Suite::of_contracts(profile, self.tests.as_deref().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Mutant, mutate};

    #[test]
    fn a_mutation_needs_its_text_exactly_once() {
        let folder = std::env::temp_dir().join(format!("neuron-mutants-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.sol"), "x > y; y > z; z == 0;").unwrap();
        for (find, replace, fits) in [
            ("x > y", "x >= y", Some("x >= y; y > z; z == 0;")),
            (" > ", " < ", None),
            ("w > x", "w >= x", None),
            ("z == 0", "z == 0", None),
        ] {
            let mutant = Mutant {
                name: "m".into(),
                file: "a.sol".into(),
                find: find.into(),
                replace: replace.into(),
                profile: None,
                tests: None,
                crates: None,
            };
            assert_eq!(mutate(&mutant, &folder).ok().as_deref(), fits, "{find}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
