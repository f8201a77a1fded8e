//! What `--json` prints, held to the tables of docs/json.md: every field that is told is there, of the kind that is told, and no other.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

const TOLD: &str = include_str!("../../../../docs/json.md");

/// What stands at a place of an answer.
#[derive(Debug)]
enum Node {
    Object(BTreeMap<String, Node>),
    Array(Box<Node>),
    /// Or null.
    Maybe(Box<Node>),
    Leaf(String),
}

/// Checks the answer of a command, named as in the headings.
pub fn check(command: &str, answer: &str) -> Result<Value> {
    let value: Value = serde_json::from_str(answer).with_context(|| format!("`{command}` printed no JSON: {answer}"))?;
    compare(&value, &table_of(command)?, command)?;
    Ok(value)
}

fn table_of(command: &str) -> Result<Node> {
    let heading = format!("## {command}\n");
    let (_, rest) = TOLD.split_once(&heading).with_context(|| format!("docs/json.md tells nothing of `{command}`"))?;
    let section = rest.split("\n## ").next().unwrap_or(rest);
    let mut root = Node::Object(BTreeMap::new());
    for line in section.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (field, kind) = (cells.next().context("a field")?, cells.next().context("a kind")?);
        insert(&mut root, field.trim_matches('`'), kind).with_context(|| format!("{command}: {line}"))?;
    }
    Ok(root)
}

fn insert(root: &mut Node, path: &str, kind: &str) -> Result<()> {
    let mut node = root;
    for part in path.split('.') {
        let Node::Object(fields) = node else { bail!("a field in what is no object") };
        let object = || Box::new(Node::Object(BTreeMap::new()));
        let (name, new) = match (part.strip_suffix("[]"), part.strip_suffix('?')) {
            (Some(name), _) => (name, Node::Array(object())),
            (_, Some(name)) => (name, Node::Maybe(object())),
            (None, None) => (part, *object()),
        };
        node = fields.entry(name.to_owned()).or_insert(new);
        if let Node::Array(inner) | Node::Maybe(inner) = node {
            node = inner.as_mut();
        }
    }
    *node = Node::Leaf(kind.to_owned());
    Ok(())
}

fn compare(value: &Value, node: &Node, at: &str) -> Result<()> {
    match (node, value) {
        (Node::Leaf(kind), value) => ensure!(is_kind(value, kind), "{at} is {value}, not of the kind {kind}"),
        (Node::Maybe(_), Value::Null) => {}
        (Node::Maybe(inner), value) => compare(value, inner, at)?,
        (Node::Array(inner), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                compare(item, inner, &format!("{at}[{index}]"))?;
            }
        }
        (Node::Object(fields), Value::Object(found)) => {
            for (name, inner) in fields {
                compare(found.get(name).with_context(|| format!("{at}.{name} is missing in {value}"))?, inner, &format!("{at}.{name}"))?;
            }
            let untold = found.keys().find(|name| !fields.contains_key(*name));
            ensure!(untold.is_none(), "docs/json.md does not tell of {at}.{}", untold.map(String::as_str).unwrap_or_default());
        }
        _ => bail!("{at} is {value}, and should be {node:?}"),
    }
    Ok(())
}

/// `kind?` may be null.
fn is_kind(value: &Value, kind: &str) -> bool {
    if let Some(kind) = kind.strip_suffix('?') {
        return value.is_null() || is_kind(value, kind);
    }
    let text = value.as_str();
    let is_hexadecimal = |digits: usize| {
        let rest = text.and_then(|text| text.strip_prefix("0x")).unwrap_or_default();
        rest.len() == digits && rest.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    match kind {
        "text" => text.is_some(),
        "flag" => value.is_boolean(),
        "number" => value.is_u64(),
        "wei" => text.is_some_and(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())),
        "address" => is_hexadecimal(40),
        "digest" => is_hexadecimal(64),
        _ => false,
    }
}

#[test]
fn the_check_of_answers_finds_what_is_missing_untold_or_of_another_kind() {
    let table = || {
        let mut root = Node::Object(BTreeMap::new());
        for (path, kind) in [("a", "number"), ("b.c", "wei"), ("d[].e", "flag"), ("f", "text?"), ("g[]", "digest"), ("h?.i", "number")] {
            insert(&mut root, path, kind).expect("a field");
        }
        root
    };
    let digest = format!("0x{}", "ab".repeat(32));
    let right = serde_json::json!({ "a": 1, "b": { "c": "12" }, "d": [{ "e": true }], "f": null, "g": [digest], "h": { "i": 1 } });
    compare(&right, &table(), "x").expect("right");
    let without = serde_json::json!({ "a": 1, "b": { "c": "12" }, "d": [], "f": "x", "g": [], "h": null });
    compare(&without, &table(), "x").expect("right, too");
    for (path, wrong) in [
        ("/a", serde_json::json!(-1)),
        ("/a", serde_json::json!("1")),
        ("/b/c", serde_json::json!(12)),
        ("/b/c", serde_json::json!("1.5")),
        ("/d/0/e", serde_json::json!(1)),
        ("/d/0", serde_json::json!({})),
        ("/d/0", serde_json::json!({ "e": true, "new": 1 })),
        ("/f", serde_json::json!(1)),
        ("/g/0", serde_json::json!("0x12")),
        ("/b", serde_json::json!(null)),
        ("/h", serde_json::json!({})),
        ("/h/i", serde_json::json!(null)),
    ] {
        let mut changed = right.clone();
        *changed.pointer_mut(path).expect("a place") = wrong.clone();
        assert!(compare(&changed, &table(), "x").is_err(), "{path}: {wrong}");
    }
}
