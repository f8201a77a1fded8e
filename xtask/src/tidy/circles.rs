//! Modules that use one another in a circle. Files of one folder are compared, each with all that is below it; a folder's own file
//! holds it together, and may use what is in it and be used there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result};

/// A module by its names from the crate's root on.
type Place = Vec<String>;
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// What one file says of modules.
#[derive(Default)]
struct Module {
    /// Paths that it names, from the root on.
    names: Vec<Place>,
    /// What it gives on under its own name: the name, and where that comes from.
    given: BTreeMap<String, Place>,
}

/// Lists the circles of a crate whose sources are in `folder`.
///
/// # Errors
/// When a file cannot be read.
pub fn check(name: &str, folder: &Path, breaches: &mut Vec<String>) -> Result<()> {
    let mut modules = BTreeMap::new();
    read(folder, &Vec::new(), &mut modules)?;
    let found = circles(&modules).into_iter().map(|(inside, circle)| (format!("{name}{inside}"), circle));
    breaches.extend(found.map(|(place, circle)| format!("{place}: {circle} use one another in a circle")));
    Ok(())
}

fn read(folder: &Path, place: &Place, modules: &mut BTreeMap<Place, Module>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("{} is missing", folder.display()))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let inner = match name.as_str() {
            "lib" | "main" | "mod" => place.clone(),
            _ => [&place[..], std::slice::from_ref(&name)].concat(),
        };
        if path.is_dir() {
            read(&path, &inner, modules)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests" {
            let module = parse(&fs::read_to_string(&path)?, &inner);
            let known: &mut Module = modules.entry(inner).or_default();
            known.names.extend(module.names);
            known.given.extend(module.given);
        }
    }
    Ok(())
}

fn parse(text: &str, place: &Place) -> Module {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let code: String = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let mut module = Module::default();
    for (start, _) in code.match_indices("::") {
        let before = code[..start].trim_end_matches(|letter: char| letter.is_alphanumeric() || letter == '_');
        let first = &code[before.len()..start];
        let is_given = before.ends_with("pub use ") || before.ends_with("pub(crate) use ");
        let root = match first {
            "crate" => Vec::new(),
            "super" if !before.ends_with("::") => place[..place.len().saturating_sub(1)].to_vec(),
            _ if is_given => [&place[..], &[first.to_owned()]].concat(),
            _ => continue,
        };
        let mut paths = Vec::new();
        tree(&code[start + 2..], root, &mut paths);
        if is_given {
            module.given.extend(paths.iter().filter_map(|path| Some((path.last()?.clone(), path.clone()))));
        }
        module.names.extend(paths);
    }
    module
}

/// The paths of a use tree, or of a path in an expression; returns what follows it.
fn tree<'a>(text: &'a str, mut path: Place, paths: &mut Vec<Place>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = tree(rest, path.clone(), paths).trim_start();
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let rest = text.trim_start_matches(|letter: char| letter.is_alphanumeric() || letter == '_');
    let name = &text[..text.len() - rest.len()];
    match name {
        "super" => drop(path.pop()),
        "self" | "" => {}
        _ => path.push(name.to_owned()),
    }
    match rest.strip_prefix("::") {
        Some(inner) => tree(inner, path, paths),
        None => {
            paths.push(path);
            rest
        }
    }
}

/// Where a path leads: the module that holds its last name.
fn home(modules: &BTreeMap<Place, Module>, path: &Place, depth: usize) -> Place {
    let mut place = Vec::new();
    for (index, name) in path.iter().enumerate() {
        let inner = [&place[..], std::slice::from_ref(name)].concat();
        if modules.contains_key(&inner) || modules.keys().any(|known| known.starts_with(&inner)) {
            place = inner;
            continue;
        }
        let given = modules.get(&place).and_then(|module| module.given.get(name));
        return match given.filter(|_| depth > 0) {
            Some(given) => home(modules, &[&given[..], &path[index + 1..]].concat(), depth - 1),
            None => place,
        };
    }
    place
}

/// Each folder in which there is a circle, as `/a/b`, and what is in it or between two.
fn circles(modules: &BTreeMap<Place, Module>) -> Vec<(String, String)> {
    let mut folders: BTreeMap<Place, Arrows> = BTreeMap::new();
    for (from, module) in modules {
        for to in module.names.iter().map(|path| home(modules, path, 4)) {
            let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
            if let (Some(one), Some(other)) = (from.get(shared), to.get(shared)) {
                let arrows = folders.entry(from[..shared].to_vec()).or_default();
                arrows.entry(one.clone()).or_default().insert(other.clone());
            }
        }
    }
    let tied = folders.into_iter().filter_map(|(folder, arrows)| Some((folder, tied(arrows)?)));
    tied.map(|(folder, circle)| (folder.iter().map(|name| format!("/{name}")).collect(), circle)).collect()
}

/// What stays when whatever uses nothing, or is not used, is taken away again and again.
fn tied(mut arrows: Arrows) -> Option<String> {
    loop {
        let used: BTreeSet<String> = arrows.values().flatten().cloned().collect();
        let before = arrows.len();
        arrows.retain(|name, uses| !uses.is_empty() && used.contains(name));
        let left: BTreeSet<String> = arrows.keys().cloned().collect();
        arrows.values_mut().for_each(|uses| uses.retain(|name| left.contains(name)));
        if arrows.len() == before && arrows.values().all(|uses| !uses.is_empty()) {
            break;
        }
    }
    let shown = |(name, uses): (&String, &BTreeSet<String>)| format!("{name} → {}", uses.iter().cloned().collect::<Vec<_>>().join("+"));
    (!arrows.is_empty()).then(|| arrows.iter().map(shown).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&[&str], &str)]) -> Vec<(String, String)> {
        let modules = files.iter().map(|(place, text)| {
            let place: Place = place.iter().map(ToString::to_string).collect();
            (place.clone(), parse(text, &place))
        });
        circles(&modules.collect())
    }

    #[test]
    fn files_that_use_one_another_are_found_however_they_are_named() {
        let root: (&[&str], &str) = (&[], "pub use b::{self, Beta};");
        for (one, other) in [
            ("use crate::b::Beta;", "use crate::a::Alpha;"),
            ("use super::{b::{self, Beta}, c};", "fn f() { super::a::alpha() }"),
            ("use crate::Beta;", "use crate::{\n    a::Alpha,\n};"),
        ] {
            let circle = vec![(String::new(), "a → b, b → a".to_owned())];
            assert_eq!(found(&[root, (&["a"], one), (&["b"], other), (&["c"], "")]), circle, "{one}");
        }
    }

    #[test]
    fn a_folder_and_its_files_are_one_and_tests_and_remarks_do_not_count() {
        let folder: [(&[&str], &str); 3] =
            [(&["a"], "use crate::b::x;"), (&["b"], "pub use c::C;"), (&["b", "c"], "use super::B; // crate::a::Alpha")];
        assert_eq!(found(&folder), []);
        assert_eq!(found(&[(&["a"], "use crate::b::B;"), (&["b"], "#[cfg(test)]\nmod tests { use crate::a::A; }")]), []);
        let below = found(&[(&["a"], "use crate::b::x;"), (&["b", "c"], "use crate::a::A;")]);
        assert_eq!(below.len(), 1, "{below:?}");
        let inside = found(&[(&["b", "c"], "use super::d::D;"), (&["b", "d"], "use super::c::C;")]);
        assert_eq!(inside, [("/b".to_owned(), "c → d, d → c".to_owned())]);
    }
}
