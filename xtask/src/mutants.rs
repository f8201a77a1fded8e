//! Seeded bugs: applies the committed mutations of the contracts one by one and demands that a test notices each.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Output,
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::{copy::Copy, tools};

/// Where the lists are; `token.toml` among them says what the fields are.
const LISTS: &str = "mutants";

/// Few but always the same runs of what is random.
const DETERMINED: [(&str, &str); 4] =
    [("FOUNDRY_FUZZ_SEED", "1"), ("FOUNDRY_FUZZ_RUNS", "64"), ("FOUNDRY_INVARIANT_RUNS", "8"), ("FOUNDRY_INVARIANT_DEPTH", "60")];

/// Tests that are left out of every run: they measure gas, which the quick build does not have.
const MEASURING: [&str; 4] = ["--no-match-contract", "Gas", "--no-match-path", "governance/test/bench/*"];

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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

/// How the tests of one mutant ended.
enum End {
    Killed(String),
    Survived,
    /// It does not compile, which proves nothing about the tests.
    Broken(String),
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

/// Runs the tests of all mutants, or of one; the last line is `N mutants, N killed`.
///
/// # Errors
/// When a mutant survives or cannot be compiled, or the tests fail without any mutation.
pub fn run(only: Option<&str>) -> Result<()> {
    let mutants = read(only)?;
    let ground = Ground(Copy::new("mutants", &[])?);
    ground.baselines(&mutants)?;
    let (mut killed, mut left) = (0, Vec::new());
    for mutant in &mutants {
        let start = Instant::now();
        let end = ground.test_mutant(mutant)?;
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
        mutants.extend(list.mutant);
    }
    let errors = unfit(&mutants);
    ensure!(errors.is_empty(), "{LISTS}/ does not fit the sources:\n  {}", errors.join("\n  "));
    if let Some(name) = only {
        mutants.retain(|mutant| mutant.name == name);
        ensure!(!mutants.is_empty(), "no mutant in {LISTS}/ has the name {name}");
    }
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
        let profile = match (&self.profile, self.file.split('/').next()) {
            (Some(profile), _) => profile,
            (None, Some("token")) => "token",
            (None, Some("governance")) => "default",
            _ => bail!("{}: {} is in no room with contracts; name the profile", self.name, self.file),
        };
        Ok(Suite { profile: profile.to_owned(), tests: self.tests.clone().unwrap_or_default() })
    }
}

/// Tests that run together: a profile of foundry.toml and a filter.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Suite {
    profile: String,
    tests: String,
}

/// The contracts in a folder of their own, where mutations do no harm.
struct Ground(Copy);

impl Ground {
    fn baselines(&self, mutants: &[Mutant]) -> Result<()> {
        let suites = mutants.iter().map(Mutant::suite).collect::<Result<BTreeSet<_>>>()?;
        for suite in suites {
            let start = Instant::now();
            let shown = format!("profile {}, tests {:?}", suite.profile, suite.tests);
            match self.test(&suite)? {
                End::Survived => println!("baseline  {shown} ({} s)", start.elapsed().as_secs()),
                End::Killed(test) => bail!("{shown}: {test} fails without any mutation; mend that first"),
                End::Broken(why) => bail!("{shown}: the contracts do not compile: {why}"),
            }
        }
        Ok(())
    }

    fn test_mutant(&self, mutant: &Mutant) -> Result<End> {
        let path = self.0.root.join(&mutant.file);
        let original = fs::read_to_string(&path)?;
        fs::write(&path, mutate(mutant, &self.0.root)?)?;
        let end = self.test(&mutant.suite()?);
        fs::write(&path, original)?;
        end
    }

    fn test(&self, suite: &Suite) -> Result<End> {
        let mut arguments = vec!["test", "--json", "--fail-fast"];
        arguments.extend(MEASURING);
        if !suite.tests.is_empty() {
            arguments.extend(["--match-contract", &suite.tests]);
        }
        let mut forge = self.0.forge(&suite.profile);
        let output = forge.args(arguments).envs(DETERMINED).output().context("forge does not start")?;
        let results: BTreeMap<String, Value> = match serde_json::from_slice(&output.stdout) {
            Ok(results) => results,
            Err(_) => return Ok(End::Broken(complaint(&output))),
        };
        let mut failed = None;
        let mut passed = 0;
        for (name, result) in results.values().filter_map(|suite| suite["test_results"].as_object()).flatten() {
            match result["status"].as_str() {
                Some("Failure") => failed = Some(name.clone()),
                Some("Success") => passed += 1,
                _ => {}
            }
        }
        match failed {
            Some(test) => Ok(End::Killed(test)),
            None => {
                ensure!(passed > 0, "profile {}: no test has a contract like {:?}", suite.profile, suite.tests);
                Ok(End::Survived)
            }
        }
    }
}

/// The compiler's first error, else the last words of forge.
fn complaint(output: &Output) -> String {
    let text = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].join("\n");
    let is_error = |line: &&str| line.starts_with("Error") && !line.ends_with("Compiler run failed:");
    let lines: Vec<_> = text.lines().skip_while(|line| !is_error(line)).take(2).map(str::trim).collect();
    match lines.is_empty() {
        false => lines.join(" "),
        true => text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("forge said nothing").to_owned(),
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
            let mutant =
                Mutant { name: "m".into(), file: "a.sol".into(), find: find.into(), replace: replace.into(), profile: None, tests: None };
            assert_eq!(mutate(&mutant, &folder).ok().as_deref(), fits, "{find}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
