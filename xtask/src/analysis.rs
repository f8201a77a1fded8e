//! Static analysis of the contracts: slither and `forge lint`, with no finding that is not explained in `xtask/accepted-findings.toml`.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    contracts,
    copy::{QUICK, remove},
    python, tools,
};

const ACCEPTED: &str = "xtask/accepted-findings.toml";

/// Profiles and folders of what is deployed.
const DEPLOYED: [(&str, &str); 2] = [("token", "token/contracts"), ("default", "governance/contracts")];
const SEVERITIES: [&str; 6] = ["high", "med", "low", "info", "gas", "code-size"];

/// Rule and place of a finding; findings that share them are told apart by their number only.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone, Debug)]
struct Finding {
    tool: &'static str,
    rule: String,
    place: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} at {:?}", self.tool, self.rule, self.place)
    }
}

/// What the tools said of each finding.
type Findings = BTreeMap<Finding, Vec<String>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    #[serde(default)]
    rule: Vec<Rule>,
    #[serde(default)]
    finding: Vec<Explained>,
}

/// A rule that does not fit this code at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    tool: String,
    rule: String,
    reason: String,
}

/// A finding that was looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Explained {
    tool: String,
    rule: String,
    place: String,
    #[serde(default = "once")]
    times: usize,
    reason: String,
}

const fn once() -> usize {
    1
}

/// Runs both analysers over both profiles.
///
/// # Errors
/// When a tool cannot run, finds something that is not explained, or no longer finds what is.
pub fn run() -> Result<()> {
    let path = tools::root().join(ACCEPTED);
    let text = fs::read_to_string(&path).with_context(|| format!("{ACCEPTED} is missing"))?;
    let accepted: Accepted = toml::from_str(&text).with_context(|| format!("{ACCEPTED} is not as its first lines say"))?;
    let mut found = Findings::new();
    for (profile, folder) in DEPLOYED {
        lint(profile, folder, &mut found)?;
    }
    let mut both = [Findings::new(), Findings::new()];
    for ((profile, folder), found) in DEPLOYED.into_iter().zip(&mut both) {
        slither(profile, folder, found)?;
    }
    merge(both, &mut found);
    let complaints = compare(&found, &accepted);
    ensure!(complaints.is_empty(), "static analysis and {ACCEPTED} do not agree:\n  {}", complaints.join("\n  "));
    println!("slither and forge lint: {} findings, all explained", found.values().map(Vec::len).sum::<usize>());
    Ok(())
}

/// Each profile compiles some of the other's sources too: the same finding counts once.
fn merge(profiles: [Findings; 2], found: &mut Findings) {
    for (finding, said) in profiles.into_iter().flatten() {
        let held = found.entry(finding).or_default();
        if held.len() < said.len() {
            *held = said;
        }
    }
}

fn compare(found: &Findings, accepted: &Accepted) -> Vec<String> {
    let mut complaints = Vec::new();
    let covers = |finding: &Finding, rule: &Rule| rule.tool == finding.tool && rule.rule == finding.rule;
    let explains =
        |finding: &Finding, one: &Explained| (&*one.tool, &one.rule, &one.place) == (finding.tool, &finding.rule, &finding.place);
    for (finding, said) in found.iter().filter(|(finding, _)| !accepted.rule.iter().any(|rule| covers(finding, rule))) {
        let explained = accepted.finding.iter().find(|one| explains(finding, one)).map_or(0, |one| one.times);
        if explained != said.len() {
            complaints.push(format!("{finding} found {} times, explained {explained} times: {}", said.len(), said.join("; ")));
        }
    }
    for one in accepted.finding.iter().filter(|one| !found.keys().any(|finding| explains(finding, one))) {
        complaints.push(format!("{} {} at {:?} is explained and no longer found: take it out", one.tool, one.rule, one.place));
    }
    for rule in accepted.rule.iter().filter(|rule| !found.keys().any(|finding| covers(finding, rule))) {
        complaints.push(format!("rule {} {} is left out and finds nothing any more: take it out", rule.tool, rule.rule));
    }
    let reasons = accepted.rule.iter().map(|rule| &rule.reason).chain(accepted.finding.iter().map(|one| &one.reason));
    complaints.extend(reasons.filter(|reason| reason.trim().is_empty()).map(|_| "an entry has an empty reason".to_owned()));
    complaints
}

fn lint(profile: &str, folder: &str, found: &mut Findings) -> Result<()> {
    let mut command = contracts::forge_command(profile)?;
    command.args(["lint", folder, "--json", "--severity"]).args(SEVERITIES);
    // An empty list: rules that do not fit are explained in one place, not here and in foundry.toml.
    command.env("FOUNDRY_LINT", "{exclude_lints=[]}");
    let output = command.output().context("forge lint does not start")?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "forge lint, profile {profile}: {text}");
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let diagnostic: Value = serde_json::from_str(line).context("forge lint changed its form")?;
        let span = &diagnostic["spans"][0];
        let rule = diagnostic["code"]["code"].as_str().context("a lint has no name")?.to_owned();
        let file = span["file_name"].as_str().context("a lint has no file")?;
        let said = format!("{file}:{} {}", span["line_start"], diagnostic["message"].as_str().unwrap_or_default());
        let place = format!("{}: {}", file.rsplit('/').next().unwrap_or(file), marked(span));
        found.entry(Finding { tool: "lint", rule, place }).or_default().push(said);
    }
    Ok(())
}

/// The source text that a lint points at, its first line.
fn marked(span: &Value) -> String {
    let text = &span["text"][0];
    let edge = |name: &str| text[name].as_u64().and_then(|column| usize::try_from(column).ok()).unwrap_or(1).saturating_sub(1);
    let line: Vec<char> = text["text"].as_str().unwrap_or_default().chars().collect();
    let (start, end) = (edge("highlight_start").min(line.len()), edge("highlight_end").min(line.len()));
    line[start..end.max(start)].iter().collect::<String>().trim().to_owned()
}

fn slither(profile: &str, folder: &str, found: &mut Findings) -> Result<()> {
    let programs = python::programs(&python::SLITHER)?;
    let out = tools::target_dir()?.join("slither").join(profile);
    build_info(profile, folder, &out)?;
    let mut command = Command::new(programs.join("slither"));
    command.args([".", "--config-file", "xtask/slither.config.json", "--json", "-", "--foundry-out-directory"]).arg(out.join("out"));
    command.current_dir(tools::root()).env("PATH", python::path_with(&tools::npm_tool("forge")?)?).env("FOUNDRY_PROFILE", profile);
    let output = command.output().context("slither does not start")?;
    let complaint = || format!("slither, profile {profile}: {}", String::from_utf8_lossy(&output.stderr));
    let result: Value = serde_json::from_slice(&output.stdout).with_context(complaint)?;
    ensure!(result["success"] == true, "slither, profile {profile}: {}", result["error"]);
    for detector in result["results"]["detectors"].as_array().map_or(&[][..], Vec::as_slice) {
        let rule = detector["check"].as_str().context("a finding of slither has no name")?.to_owned();
        let said = detector["description"].as_str().unwrap_or_default().lines().next().unwrap_or_default().to_owned();
        found.entry(Finding { tool: "slither", rule, place: place(&detector["elements"][0]) }).or_default().push(said);
    }
    Ok(())
}

/// What slither reads: the compiler's answer, in a folder of its own. It looks at syntax trees only, so the quick build will do.
fn build_info(profile: &str, folder: &str, out: &Path) -> Result<()> {
    let held: PathBuf = out.join("out");
    remove(&held)?;
    let mut command = contracts::forge_command(profile)?;
    command.args(["build", folder, "--build-info", "--force", "--quiet"]).envs(QUICK);
    tools::run_with(command.env("FOUNDRY_OUT", held).env("FOUNDRY_CACHE_PATH", out.join("cache")))
}

/// `Contract.function`, `Contract.function.variable`, `Contract.variable` or `Contract`.
fn place(element: &Value) -> String {
    let parent = &element["type_specific_fields"]["parent"];
    let name = element["name"].as_str().unwrap_or_default();
    match element["type"].as_str() {
        Some("node") => place(parent),
        _ if parent.is_object() && parent["type"] != "" => format!("{}.{name}", place(parent)),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Accepted, Finding, Findings, compare};

    fn complaints(found: &[(&str, usize)], accepted: &str) -> usize {
        let of = |(place, times): &(&str, usize)| {
            (Finding { tool: "slither", rule: "r".into(), place: (*place).into() }, vec![String::new(); *times])
        };
        compare(&found.iter().map(of).collect::<Findings>(), &toml::from_str::<Accepted>(accepted).unwrap()).len()
    }

    #[test]
    fn findings_and_explanations_must_agree_both_ways() {
        let one = "[[finding]]\ntool = 'slither'\nrule = 'r'\nplace = 'A.f'\nreason = 'because'\n";
        let rule = "[[rule]]\ntool = 'slither'\nrule = 'r'\nreason = 'because'\n";
        for (found, accepted, wrong) in [
            (&[][..], "", 0),
            (&[("A.f", 1)][..], "", 1),
            (&[("A.f", 1)][..], one, 0),
            (&[("A.f", 2)][..], one, 1),
            (&[("B.f", 1)][..], one, 2),
            (&[][..], one, 1),
            (&[("A.f", 2), ("B.f", 1)][..], rule, 0),
            (&[][..], rule, 1),
        ] {
            assert_eq!(complaints(found, accepted), wrong, "{found:?} {accepted}");
        }
    }
}
