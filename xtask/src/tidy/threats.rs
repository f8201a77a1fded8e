//! The tables of threats in docs/PROTOCOL.md: each row names what shows that it is met, or says that nothing meets it yet.

use std::collections::BTreeSet;

use super::Source;

/// The chapter of the tables, and the last column of each.
const CHAPTER: &str = "\n## 17. ";
const COLUMN: &str = "test";
/// Where the simulator's adversaries are, one file each.
const ADVERSARIES: &str = "crates/sim/src/adversaries/";
/// What a row says that nothing meets, and its last column then.
const NOT_YET: &str = "not yet";
const NOTHING: &str = "–";

/// Lists the rows that name a test that is not there, or none without saying so.
pub fn check(protocol: &str, sources: &[Source], breaches: &mut Vec<String>) {
    let known = known(sources);
    breaches.extend(rows(protocol).into_iter().filter_map(|row| fault(&known, &row)).map(|fault| format!("docs/PROTOCOL.md, 17: {fault}")));
}

fn known(sources: &[Source]) -> BTreeSet<&str> {
    sources.iter().flat_map(names).collect()
}

/// Names that a row may give: tests of a file, the file itself if it is one of tests, the adversary that it is.
fn names(source: &Source) -> Vec<&str> {
    let adversary = source.path.strip_prefix(ADVERSARIES).and_then(|name| name.strip_suffix(".rs"));
    let file = source.path.rsplit('/').next().filter(|name| name.ends_with(".t.sol"));
    tests(source).into_iter().chain(adversary).chain(file).collect()
}

fn tests(source: &Source) -> Vec<&str> {
    let (mut tests, mut is_test) = (Vec::new(), source.path.ends_with(".sol"));
    for line in source.text.lines().map(str::trim_start) {
        is_test |= line.starts_with("#[") && line.contains("test");
        let function = ["fn ", "async fn ", "function "].iter().find_map(|start| line.strip_prefix(start));
        if let Some((name, _)) = function.and_then(|rest| rest.split_once('(')) {
            tests.extend(is_test.then_some(name));
            is_test = source.path.ends_with(".sol");
        }
    }
    tests
}

/// Cells of the rows of the chapter's tables that end in that column.
fn rows(protocol: &str) -> Vec<Vec<&str>> {
    let chapter = protocol.split(CHAPTER).nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or_default();
    let (mut rows, mut in_table) = (Vec::new(), false);
    for line in chapter.lines() {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        if !line.starts_with('|') || cells.last() == Some(&COLUMN) {
            in_table = line.starts_with('|');
        } else if in_table && !line.starts_with("|--") {
            rows.push(cells);
        }
    }
    rows
}

fn fault(known: &BTreeSet<&str>, row: &[&str]) -> Option<String> {
    let [threat, stand, .., test] = row else { return Some(format!("a row of {} cells", row.len())) };
    let names: Vec<&str> = test.split('`').skip(1).step_by(2).collect();
    if names.is_empty() {
        let is_told = *test == NOTHING && stand.contains(NOT_YET);
        return (!is_told).then(|| format!("{threat}: name a test, or write {NOTHING} there and {NOT_YET:?} before it"));
    }
    let missing: Vec<&str> = names.into_iter().filter(|name| !known.contains(name)).collect();
    (!missing.is_empty()).then(|| format!("{threat}: there is no test {}", missing.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_what_exists_or_says_that_nothing_does() {
        let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
        let sources = [
            source("a.rs", "#[tokio::test]\nasync fn it_holds() {}\nfn helper() {}"),
            source("A.t.sol", "    function test_It() public {}"),
            source("crates/sim/src/adversaries/copier.rs", ""),
        ];
        for (row, fine) in [
            ("| a | b | `it_holds`, `test_It`, `copier`; `A.t.sol` |", true),
            ("| a | b | `helper` |", false),
            ("| a | b | `it_holds`, `it_never_was` |", false),
            ("| a | not yet | – |", true),
            ("| a | nothing | – |", false),
            ("| a | not yet | |", false),
        ] {
            let protocol = format!("# P\n\n## 17. Threats\n\n| threat | what | test |\n|---|---|---|\n{row}\n\n## 18. Else\n");
            let mut breaches = Vec::new();
            check(&protocol, &sources, &mut breaches);
            assert_eq!(breaches.is_empty(), fine, "{row}: {breaches:?}");
        }
        assert_eq!(rows("## 17. no\n| a | b | test |\n"), Vec::<Vec<&str>>::new());
    }
}
