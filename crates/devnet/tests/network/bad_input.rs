//! Group files, numbers and ports that the devnet must refuse.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    groups::{digits, fresh_folder, micro_group},
    refusal::{Refusal, check},
};

#[test]
fn a_devnet_is_refused_before_anything_is_started() -> Result<()> {
    let folder = fresh_folder("bad-options")?;
    fs::copy(digits(), folder.join("group.toml"))?;
    let (missing, group, shipped) = (shown(&folder.join("missing.toml"))?, shown(&folder.join("group.toml"))?, shown(&digits())?);
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let port = taken.local_addr()?.port().to_string();
    let refusal = |arguments: &[&str], wanted| Refusal::new("devnet", arguments, wanted);
    check(vec![
        refusal(&["--group", &missing], "missing.toml"),
        refusal(&["--group", &group], "paths in a group file count from its own folder"),
        refusal(&["--trainers", "0"], "--trainers must be"),
        refusal(&["--report", "/nowhere/report.json"], "/nowhere/report.json does not exist"),
        refusal(&["--group", &shipped, "--port", &port], "0 takes a free one"),
    ])
}

#[test]
fn groups_whose_data_do_not_suit_their_model_are_refused_with_the_file() -> Result<()> {
    let folder = fresh_folder("bad-groups")?;
    fs::create_dir(folder.join("empty"))?;
    fs::write(folder.join("empty/README.md"), "No examples here.")?;
    for (name, text) in
        [("play.md", "To be, or not to be"), ("short.txt", "To be"), ("rows.csv", "1,2,0\n"), ("latin.txt", "To be,\nor n\u{f6}t")]
    {
        fs::write(folder.join(name), text)?;
    }
    fs::write(folder.join("bytes.txt"), [b'T', 0xff, b'o'])?;
    let mut cases = Vec::new();
    for (name, change, wanted) in [
        ("no-file", r#"data.genesis = "empty""#, "no file in"),
        ("suffix", r#"data.genesis = "play.md""#, "play.md does not end in .txt: name it so"),
        ("too-short", r#"data.genesis = "short.txt""#, "with more than 16 tokens"),
        ("not-text", r#"data.genesis = "bytes.txt""#, "bytes.txt is not UTF-8 text"),
        ("proposed", r#"data.proposed = ["rows.csv"]"#, "rows.csv does not end in .txt"),
        ("character", r#"data.proposed = ["latin.txt"]"#, "latin.txt, line 2: 'ö' is not among the characters"),
        ("heldout", r#"data.heldout = "nowhere.txt""#, "there is no"),
        ("csv", r#"manifest.data = { format = "csv", divisor = 16 }"#, "the family gpt reads data of the format text"),
        ("vocabulary", "manifest.model.vocabulary = 64", "vocabulary is 64"),
        ("setting", "training.colour = 1", "unknown field `colour`"),
        ("batch", "training.batch = 0", "batch is 0"),
        ("phase", "devnet.reveal_s = 1", "must be 4 to 86400 s"),
        ("times", "devnet.period_s = 100", "unknown field"),
    ] {
        let path = micro_group(&folder, name, change)?;
        cases.push(Refusal::new("devnet", &["--group", &shown(&path)?], wanted));
    }
    check(cases)
}

fn shown(path: &Path) -> Result<String> {
    PathBuf::from(path).into_os_string().into_string().ok().context("a path in UTF-8")
}
