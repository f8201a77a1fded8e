//! `neuron predict`: what it says to people and to programs.

use std::fs;

use anyhow::{Result, ensure};
use node::config::GroupFile;

use crate::{bad_input::shown, groups::micro_group, schema, small::Small};

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_texts_are_predicted_for_people_and_for_programs_alike() -> Result<()> {
    let small = Small::start("predicting").await?;
    small.group(None).await?;
    let plays = GroupFile::read(&micro_group(&small.folder, "plays", "")?)?;
    let plays = small.group_of(&plays, None).await?.to_string();
    let rows = [vec!["0"; 64].join(","), vec!["9"; 64].join(",")].join("\n");
    fs::write(small.folder.join("rows.csv"), rows)?;
    let rows = shown(&small.folder.join("rows.csv"))?;
    let (told, data) = both(&small, &["predict", "--file", &rows]).await?;
    let found = data["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    ensure!(found.len() == 2 && data["text"].is_null() && data["group"] == 1, "{data}");
    for (line, row) in told.lines().zip(found) {
        let millionths = row["probability_millionths"].as_u64().unwrap_or_default();
        let wanted = format!("{}  ({:.1} %)", row["class"], millionths as f64 / 1e4);
        ensure!((1..=1_000_000).contains(&millionths) && line == wanted, "{line} is not {wanted}");
    }
    let (told, data) = both(&small, &["predict", "--prompt", "To be", "--tokens", "40", "--seed", "7", "--group", &plays]).await?;
    let text = data["text"].as_str().unwrap_or_default();
    ensure!(data["rows"].as_array().is_some_and(Vec::is_empty) && format!("{}", data["group"]) == plays, "{data}");
    ensure!(text.starts_with("To be") && text.chars().count() == 45 && told == format!("{text}\n"), "{told:?} is not {text:?}");
    Ok(())
}

/// The same for people, and for programs, held to docs/json.md.
async fn both(small: &Small, arguments: &[&str]) -> Result<(String, serde_json::Value)> {
    let told = small.neuron(arguments).await?;
    let data = small.neuron(&[&["--json"], arguments].concat()).await?;
    Ok((told, schema::check("neuron predict", &data)?))
}
