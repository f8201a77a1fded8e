//! Everything that a person can give wrongly: files, keys, addresses, ports, patches, checkpoints.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context, Result, ensure};
use deltas::{Patch, Tree};
use neuron::birth::{EXAMPLES, extended};
use node::config::GroupFile;
use protocol::signing_log::HEADER;

use crate::{
    plays::micro_group,
    refusal::Refusal,
    small::Small,
    watched::{digits, fresh_folder},
};

/// Port 1 of this machine: nothing listens there.
const NOBODY: &str = "http://127.0.0.1:1";
/// An address without a contract.
const NO_CONTRACT: &str = "0x00000000000000000000000000000000000000ad";

#[test]
fn missing_and_malformed_files_are_named_before_anything_is_started() -> Result<()> {
    let folder = fresh_folder("bad-files")?;
    let write = |name: &str, text: &str| -> Result<String> {
        fs::write(folder.join(name), text)?;
        shown(&folder.join(name))
    };
    let unknown = write("unknown.toml", "[node]\ncolour = 3\n")?;
    let malformed = write("malformed.toml", "[node\n")?;
    let training = write("training.toml", "[training]\nbatch = 0\n")?;
    let keyless = write("keyless.toml", "[node]\nkeystore = \"none.json\"\npassword_file = \"unknown.toml\"\n")?;
    let passwordless = write("passwordless.toml", "[node]\n")?;
    let group = write("group.toml", &fs::read_to_string(digits())?)?;
    let missing = shown(&folder.join("missing.toml"))?;
    let refusal = |program, arguments: &[&str], wanted| Refusal::new(program, arguments, wanted);
    check(vec![
        refusal("trainer-node", &["--config", &missing], "missing.toml: give the path of an existing file"),
        refusal("validator-node", &["--config", &missing], "missing.toml: give the path of an existing file"),
        refusal("neuron", &["--network", &missing, "group", "list"], "missing.toml: give the path of an existing file"),
        refusal("trainer-node", &["--config", &unknown], "colour"),
        refusal("validator-node", &["--config", &unknown], "colour"),
        refusal("validator-node", &["--config", &malformed], "line 1"),
        refusal("trainer-node", &["--config", &training], "training.toml: batch is 0"),
        refusal("trainer-node", &["--config", &keyless], "there is no key file at"),
        refusal("validator-node", &["--config", &passwordless], "NEURON_PASSWORD"),
        refusal("neuron", &["devnet", "--group", &missing], "missing.toml"),
        refusal("neuron", &["devnet", "--group", &group], "paths in a group file count from its own folder"),
        refusal("neuron", &["devnet", "--trainers", "0"], "--trainers must be"),
        refusal("neuron", &["devnet", "--report", "/nowhere/report.json"], "/nowhere/report.json does not exist"),
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
        cases.push(Refusal::new("neuron", &["devnet", "--group", &shown(&path)?], wanted));
    }
    check(cases)
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_chains_keys_ports_and_logs_are_refused() -> Result<()> {
    let small = Small::start("wrong-places").await?;
    small.group(None).await?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let port = taken.local_addr()?.port().to_string();
    let listen = format!("/ip4/127.0.0.1/tcp/{port}");
    let damaged = node(&small, "damaged", &[])?;
    fs::create_dir_all(small.folder.join("damaged-data"))?;
    fs::write(small.folder.join("damaged-data/signing.log"), format!("{HEADER}1 7 0x12 0x34 00000000\n"))?;
    let unreachable = shown(&small.altered("unreachable.toml", "rpc", NOBODY)?)?;
    let other_chain = shown(&small.altered("other-chain.toml", "chain_id", 1)?)?;
    let no_contract = shown(&small.altered("no-contract.toml", "contract", NO_CONTRACT)?)?;
    let owner = small.account.address().to_string();
    let person = shown(&small.altered("person.toml", "contract", owner)?)?;
    let mut cases = Vec::new();
    for (network, wanted) in [
        (&unreachable, "no answer from the RPC"),
        (&other_chain, "not chain 1"),
        (&no_contract, "is no Neuron network"),
        (&person, "is no Neuron network"),
    ] {
        let name = Path::new(network).file_stem().context("a name")?.to_string_lossy().into_owned();
        cases.push(Refusal::new("neuron", &["--network", network, "group", "list"], wanted));
        for program in ["trainer-node", "validator-node"] {
            let config = node(&small, &format!("{program}-{name}"), &[("network", network)])?;
            cases.push(Refusal::new(program, &["--config", &config], wanted));
        }
    }
    for (program, changes, wanted) in [
        ("trainer-node", ("password_file", "wrong-password"), "wrong password for"),
        ("validator-node", ("password_file", "wrong-password"), "wrong password for"),
        ("trainer-node", ("listen", listen.as_str()), "choose another address or port"),
        ("validator-node", ("listen", listen.as_str()), "choose another address or port"),
        ("trainer-node", ("peers", "somewhere"), "is no address"),
        ("validator-node", ("group", "9"), "check its number"),
    ] {
        let config = node(&small, &format!("{program}-{}", changes.0), &[changes])?;
        cases.push(Refusal::new(program, &["--config", &config], wanted));
    }
    cases.push(Refusal::new("validator-node", &["--config", &damaged], "line 2 of the signing log is damaged"));
    let group = shown(&digits())?;
    cases.push(Refusal::new("neuron", &["devnet", "--group", &group, "--port", &port], "0 takes a free one"));
    tokio::task::spawn_blocking(move || check(cases)).await?
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_that_does_not_apply_and_a_corrupt_checkpoint_are_refused() -> Result<()> {
    let small = Small::start("wrong-content").await?;
    let good = small.group(None).await?;
    let length = usize::try_from(evaluator::checkpoint_len(&small.file.manifest))?;
    let headless = small.group(Some(vec![7; length])).await?.to_string();
    let mut weights = evaluator::Checkpoint::initial(&small.file.manifest, [1; 32]).to_bytes();
    weights[length - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let infinite = small.group(Some(weights)).await?.to_string();
    let set = extended(&Tree::default(), &small.file.data.genesis, &small.file.manifest)?;
    let other = tree("1,2,3\n")?;
    let stale = patch(&small, "stale.patch", &other, &tree("1,2,4\n")?)?;
    let unreadable = tree(&[set.get(EXAMPLES).context("the set")?, "a line that is no example\n"].concat())?;
    let unreadable = patch(&small, "unreadable.patch", &set, &unreadable)?;
    let foreign = shown(&small.folder.join("foreign.patch"))?;
    fs::write(&foreign, Patch::between(&set, &other, [9; 20], "Somebody else's"))?;
    let text = shown(&small.folder.join("password"))?;
    let (network, key, password) = (shown(&small.folder.join("network.toml"))?, shown(&small.folder.join("key.json"))?, text.clone());
    let neuron = |arguments: &[&str], wanted| {
        let context = ["--network", &network, "--key", &key, "--password-file", &password];
        Refusal::new("neuron", &[&context[..], arguments].concat(), wanted)
    };
    let line = vec!["0"; 64].join(",");
    let plays = GroupFile::read(&micro_group(&small.folder, "plays", "")?)?;
    let plays = small.group_of(&plays, None).await?.to_string();
    let cases = vec![
        neuron(&["delta", "propose", &stale], "does not apply to the current set"),
        neuron(&["delta", "propose", &unreadable], "the patch does not apply"),
        neuron(&["delta", "propose", &foreign], "names 0x0909"),
        neuron(&["delta", "propose", &text], "the patch changes nothing"),
        neuron(&["predict", "--line", "1,2"], "64 values are needed"),
        neuron(&["predict", "--line", &line, "--group", &headless], "the header differs from the canonical one"),
        neuron(&["predict", "--line", &line, "--group", &infinite], "holds a value that is not finite"),
        neuron(&["predict", "--line", &line, "--group", "9"], "check --group"),
        neuron(&["predict"], "nothing to predict"),
        neuron(&["predict", "--prompt", "To be"], "give --line or --file instead of --prompt"),
        neuron(&["predict", "--line", &line, "--group", &plays], "give --prompt instead of --line or --file"),
        neuron(&["predict", "--file", &text, "--group", &plays], "give --prompt instead of --line or --file"),
        neuron(&["predict", "--prompt", "", "--group", &plays], "give at least one character"),
        neuron(&["predict", "--prompt", "n\u{f6}t", "--group", &plays], "'ö' is not among the characters"),
        neuron(&["predict", "--prompt", "To", "--tokens", "0"], "--tokens must be 1 to"),
        neuron(&["predict", "--prompt", "To", "--temperature=-1"], "--temperature must be 0 or more"),
        neuron(&["predict", "--prompt", "To", "--temperature", "nan"], "--temperature must be 0 or more"),
    ];
    tokio::task::spawn_blocking(move || check(cases)).await??;
    ensure!(small.deltas(good).await? == 0, "something was proposed");
    Ok(())
}

/// All at once; tells every case that went wrong.
fn check(cases: Vec<Refusal>) -> Result<()> {
    let results = thread::scope(|scope| {
        let runs: Vec<_> = cases.iter().map(|case| scope.spawn(|| case.check())).collect();
        runs.into_iter().map(|run| run.join().map_err(|_| anyhow::anyhow!("a check panicked")).flatten()).collect::<Vec<_>>()
    });
    let faults: Vec<String> = results.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    ensure!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), cases.len(), faults.join("\n"));
    Ok(())
}

/// A configuration that would serve a node of the small network, but for `changes`.
fn node(small: &Small, name: &str, changes: &[(&str, &str)]) -> Result<String> {
    let data = format!("{name}-data");
    let mut node = toml::Table::new();
    for (key, value) in [("network", "network.toml"), ("keystore", "key.json"), ("password_file", "password"), ("data", &data)] {
        node.insert(key.to_owned(), value.into());
    }
    for (key, value) in changes {
        let value: toml::Value = match *key {
            "listen" | "peers" => vec![*value].into(),
            "group" => value.parse::<i64>()?.into(),
            _ => (*value).into(),
        };
        node.insert((*key).to_owned(), value);
    }
    let path = small.folder.join(format!("{name}.toml"));
    fs::write(&path, toml::to_string(&toml::Table::from_iter([("node".to_owned(), node.into())]))?)?;
    shown(&path)
}

fn tree(text: &str) -> Result<Tree> {
    let mut tree = Tree::default();
    tree.insert(EXAMPLES, text)?;
    Ok(tree)
}

fn patch(small: &Small, name: &str, from: &Tree, to: &Tree) -> Result<String> {
    let path = small.folder.join(name);
    fs::write(&path, Patch::between(from, to, small.account.address().0, "A patch"))?;
    shown(&path)
}

fn shown(path: &Path) -> Result<String> {
    PathBuf::from(path).into_os_string().into_string().ok().context("a path in UTF-8")
}
