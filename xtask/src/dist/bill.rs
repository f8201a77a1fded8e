//! A bill of materials (CycloneDX 1.5): every package whose code is in the programs, with licence and what it uses.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Packages by their ids.
type Packages<'a> = BTreeMap<&'a str, &'a Value>;

/// The bill of these programs, by what `cargo metadata` says of one platform.
///
/// # Errors
/// When that has another shape, or a program is not in it.
pub fn of(metadata: &Value, version: &str, programs: &[&str]) -> Result<Value> {
    let packages: Packages<'_> =
        list(&metadata["packages"])?.iter().filter_map(|package| Some((package["id"].as_str()?, package))).collect();
    let uses = uses(metadata)?;
    let is_own =
        |name: &str| packages.iter().find(|(_, package)| package["name"] == name && package["source"].is_null()).map(|(id, _)| *id);
    let first = programs.iter().map(|name| is_own(name).with_context(|| format!("cargo metadata names no package {name}")));
    let first = first.collect::<Result<Vec<_>>>()?;
    let reached = reached(&first, &uses);
    let mut components = Vec::new();
    let mut dependencies =
        vec![json!({ "ref": "neuron", "dependsOn": first.iter().map(|id| reference(&packages, id)).collect::<Vec<_>>() })];
    for id in &reached {
        let package = packages.get(id).with_context(|| format!("cargo metadata says nothing of {id}"))?;
        components.push(component(package, &reference(&packages, id), first.contains(id)));
        let used: Vec<String> = uses.get(id).into_iter().flatten().map(|used| reference(&packages, used)).collect();
        dependencies.push(json!({ "ref": reference(&packages, id), "dependsOn": used }));
    }
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": { "type": "application", "bom-ref": "neuron", "name": "neuron", "version": version } },
        "components": components,
        "dependencies": dependencies,
    }))
}

fn list(value: &Value) -> Result<&Vec<Value>> {
    value.as_array().context("cargo metadata changed its shape")
}

/// What each package uses when it runs: neither for its build nor for its tests.
fn uses(metadata: &Value) -> Result<BTreeMap<&str, BTreeSet<&str>>> {
    let runs =
        |dependency: &&Value| dependency["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()));
    let mut uses = BTreeMap::new();
    for node in list(&metadata["resolve"]["nodes"])? {
        let id = node["id"].as_str().context("cargo metadata names a package without an id")?;
        uses.insert(id, list(&node["deps"])?.iter().filter(runs).filter_map(|dependency| dependency["pkg"].as_str()).collect());
    }
    Ok(uses)
}

fn reached<'a>(first: &[&'a str], uses: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let (mut reached, mut waiting) = (BTreeSet::new(), first.to_vec());
    while let Some(id) = waiting.pop() {
        if reached.insert(id) {
            waiting.extend(uses.get(id).into_iter().flatten());
        }
    }
    reached
}

fn reference(packages: &Packages<'_>, id: &str) -> String {
    packages.get(id).map_or_else(|| id.to_owned(), |package| format!("{}@{}", word(package, "name"), word(package, "version")))
}

fn word<'a>(package: &'a Value, key: &str) -> &'a str {
    package[key].as_str().unwrap_or_default()
}

fn component(package: &Value, reference: &str, is_program: bool) -> Value {
    let mut component = json!({
        "type": if is_program { "application" } else { "library" },
        "bom-ref": reference,
        "name": word(package, "name"),
        "version": word(package, "version"),
    });
    if !package["source"].is_null() {
        component["purl"] = format!("pkg:cargo/{}@{}", word(package, "name"), word(package, "version").replace('+', "%2B")).into();
    }
    if let Some(licence) = package["license"].as_str() {
        // Older packages write a slash for OR.
        component["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools;

    fn metadata() -> Value {
        let package = |name: &str, source: Value, license: &str| json!({ "id": name, "name": name, "version": "1.0.0+x", "source": source, "license": license });
        let uses = |name: &str, kind: Value| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        json!({
            "packages": [
                package("program", Value::Null, "Apache-2.0"),
                package("used", "registry".into(), "MIT/Apache-2.0"),
                package("deep", "registry".into(), "ISC"),
                package("builder", "registry".into(), "MIT"),
                package("tester", "registry".into(), "MIT"),
            ],
            "resolve": { "nodes": [
                { "id": "program", "deps": [uses("used", Value::Null), uses("builder", "build".into()), uses("tester", "dev".into())] },
                { "id": "used", "deps": [uses("deep", Value::Null)] },
                { "id": "deep", "deps": [uses("used", Value::Null)] },
                { "id": "builder", "deps": [] },
                { "id": "tester", "deps": [] },
            ] },
        })
    }

    #[test]
    fn what_runs_is_named_with_its_licence_and_what_builds_or_tests_is_not() {
        let bill = of(&metadata(), "0.1.0", &["program"]).expect("a bill");
        let component = |kind: &str, name: &str, licence: &str| {
            let mut component = json!({ "type": kind, "bom-ref": format!("{name}@1.0.0+x"), "name": name, "version": "1.0.0+x" });
            component["licenses"] = json!([{ "expression": licence }]);
            component
        };
        let mut wanted = [
            component("library", "deep", "ISC"),
            component("application", "program", "Apache-2.0"),
            component("library", "used", "MIT OR Apache-2.0"),
        ];
        wanted[0]["purl"] = "pkg:cargo/deep@1.0.0%2Bx".into();
        wanted[2]["purl"] = "pkg:cargo/used@1.0.0%2Bx".into();
        assert_eq!(bill["components"], json!(wanted));
        assert_eq!(bill["dependencies"][0], json!({ "ref": "neuron", "dependsOn": ["program@1.0.0+x"] }));
        assert_eq!(bill["dependencies"][2], json!({ "ref": "program@1.0.0+x", "dependsOn": ["used@1.0.0+x"] }));
        assert!(of(&metadata(), "0.1.0", &["used"]).expect_err("no program").to_string().contains("no package used"));
    }

    #[test]
    fn the_bill_of_our_programs_is_closed_and_names_each_package_once() {
        let bill = of(&tools::metadata().expect("metadata"), "0.1.0", &super::super::PROGRAMS).expect("a bill");
        let components = bill["components"].as_array().expect("components");
        let known: BTreeSet<&str> = components.iter().filter_map(|component| component["bom-ref"].as_str()).collect();
        assert!(known.len() == components.len() && known.len() > 100, "{} of {}", known.len(), components.len());
        for dependency in bill["dependencies"].as_array().expect("dependencies") {
            for used in dependency["dependsOn"].as_array().expect("a list") {
                assert!(used.as_str().is_some_and(|used| known.contains(used)), "{used}");
            }
        }
        let bare: Vec<&Value> = components.iter().filter(|component| component["licenses"].is_null()).collect();
        assert!(bare.len() < 5, "packages without a licence: {bare:?}");
    }
}
