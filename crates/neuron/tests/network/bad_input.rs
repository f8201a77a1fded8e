//! Everything that a person can give wrongly: files, keys, addresses, ports, patches, checkpoints.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use deltas::{Patch, Tree};
use node::{
    birth::{EXAMPLES, extended},
    config::GroupFile,
};
use protocol::signing_log::HEADER;

use crate::{
    groups::{fresh_folder, micro_group},
    refusal::{Refusal, check},
    small::Small,
};

/// Port 1 of this machine: nothing listens there.
pub const NOBODY: &str = "http://127.0.0.1:1";
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
    let keyless = write("keyless.toml", "[node]\ndata = \"keyless\"\nkeystore = \"none.json\"\npassword_file = \"unknown.toml\"\n")?;
    let key = shown(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../chain/tests/keystores/cast.json"))?;
    let passwordless = write("passwordless.toml", &format!("[node]\ndata = \"passwordless\"\nkeystore = {key:?}\n"))?;
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
    ])
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
        // A node waits for a chain that does not answer.
        let programs = if network == &unreachable { &[][..] } else { &["trainer-node", "validator-node"] };
        for program in programs.iter().copied() {
            let config = node(&small, &format!("{program}-{name}"), &[("network", network)])?;
            cases.push(Refusal::new(program, &["--config", &config], wanted));
        }
    }
    for (program, changes, wanted) in [
        ("trainer-node", ("password_file", "wrong-password"), "wrong password"),
        ("validator-node", ("password_file", "wrong-password"), "wrong password"),
        ("trainer-node", ("signer", NOBODY), "`signer` and `account` of [node] go together"),
        ("validator-node", ("account", NO_CONTRACT), "`signer` and `account` of [node] go together"),
        ("trainer-node", ("listen", listen.as_str()), "choose another address or port"),
        ("validator-node", ("listen", listen.as_str()), "choose another address or port"),
        ("trainer-node", ("peers", "somewhere"), "is no address"),
        ("validator-node", ("group", "9"), "check its number"),
    ] {
        let config = node(&small, &format!("{program}-{}", changes.0), &[changes])?;
        cases.push(Refusal::new(program, &["--config", &config], wanted));
    }
    cases.push(Refusal::new("validator-node", &["--config", &damaged], "line 2 of the signing log is damaged"));
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
        neuron(&["delta", "propose", &stale], "the patch was made for another version"),
        neuron(&["delta", "propose", &unreadable], "the patch does not apply"),
        neuron(&["delta", "propose", &foreign], "names 0x0909"),
        neuron(&["delta", "propose", &text], "the patch holds no diff"),
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
        neuron(&["predict", "--prompt", "To", "--top-p", "0"], "--top-p must be more than 0"),
    ];
    tokio::task::spawn_blocking(move || check(cases)).await??;
    ensure!(small.deltas(good).await? == 0, "something was proposed");
    Ok(())
}

/// A configuration that would serve a node of the small network, but for `changes`.
pub fn node(small: &Small, name: &str, changes: &[(&str, &str)]) -> Result<String> {
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

pub fn shown(path: &Path) -> Result<String> {
    PathBuf::from(path).into_os_string().into_string().ok().context("a path in UTF-8")
}
