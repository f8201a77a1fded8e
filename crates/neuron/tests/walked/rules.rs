//! What is filled in for placeholders, which lines are left out and why, and how a line ends.

use crate::{OPERATING, README, lines::Line};

/// A page, and whose key its commands have by default.
pub struct Walk {
    pub page: &'static str,
    pub actor: &'static str,
}

/// A line that is not run.
pub struct Left {
    pub begins: &'static str,
    pub why: &'static str,
}

const fn left(begins: &'static str, why: &'static str) -> Left {
    Left { begins, why }
}

const SYSTEM: &str = "it changes the machine";
const ASKS: &str = "it asks at a terminal; the tests of keys answer it";
const LOOKED: &str = "tests/network/contending.rs looks back at deltas";
const NAMED: &str = "the sentence only names it; it runs elsewhere on the page with its arguments";

/// A line that begins so; with `$` behind it the whole line.
pub const LEFT: [Left; 21] = [
    left("cargo xtask devnet$", "it builds, and starts what is walked along here"),
    left("cargo xtask test$", "this is a part of it"),
    left("sudo systemctl", SYSTEM),
    left("sudo chown", SYSTEM),
    left("sudo install", SYSTEM),
    left("docker compose", "it builds an image for minutes; the tests of containers read both files"),
    left("rsync", "there is no other machine"),
    left("ipfs dag import", "it needs Kubo; the tests of gateways import such files"),
    left("neuron --key KEY key import private-key$", ASKS),
    left("neuron --key KEY key import mnemonic", ASKS),
    left("neuron --remote-signer", "it needs Web3Signer; network/signers.rs answers like one"),
    left(
        "neuron --network NET predict --group 1 --prompt",
        "this group is of digits; crates/devnet/tests/network/plays.rs has one of text",
    ),
    left("neuron --network NET serve-model", "this group is of digits; tests/network/answering.rs asks one of text"),
    left("neuron init trainer$", NAMED),
    left("neuron peers$", NAMED),
    left("neuron measure show$", NAMED),
    left("neuron receipts$", NAMED),
    left("neuron chronicle ", "it is the first line of a file"),
    left("neuron delta check PATCH$", "tests/started/patches.rs has patches of people's tools"),
    left("neuron delta blame FILE$", LOOKED),
    left("neuron delta search TEXT$", LOOKED),
];

impl Left {
    pub fn fits(&self, line: &Line) -> bool {
        self.begins.strip_suffix('$').map_or_else(|| line.text.starts_with(self.begins), |whole| line.text == whole)
    }
}

/// A word of a page that stands for something real: in the lines of that page that begin so, by what it is replaced.
pub struct Filled {
    pub page: &'static str,
    pub begins: &'static str,
    pub word: &'static str,
    pub by: &'static str,
}

impl Filled {
    pub fn fits(&self, line: &Line) -> bool {
        line.text.starts_with(self.begins)
    }
}

const fn filled(page: &'static str, begins: &'static str, word: &'static str, by: &'static str) -> Filled {
    Filled { page, begins, word, by }
}

/// In this order. What stands in braces is known only when the network runs.
pub const FILLED: [Filled; 45] = [
    filled(README, "neuron", "NET", "network.toml"),
    filled(README, "neuron --network NET init trainer", "init trainer", "--password-file devnet/keys/password init trainer{alone} none"),
    filled(
        README,
        "neuron --network NET init validator",
        "init validator",
        "--password-file devnet/keys/password init validator{alone} none",
    ),
    filled(README, "neuron --network NET --key OWNER", "--key OWNER", "--key devnet/keys/guest.json"),
    filled(README, "neuron --network NET --key OWNER stake bond", "--signer-key SIGNER", "--signer-key validator/account.json"),
    filled(README, "neuron --network NET --key KEY", "--key KEY", "--key devnet/keys/guest.json"),
    filled(README, "neuron --network NET --key SIGNER", "--key SIGNER", "--key validator/account.json"),
    filled(README, "neuron --network NET --key SIGNER delta vote", "--group 1 3", "--group 1 {delta}"),
    filled(README, "neuron --network NET --key KEY bounty fund", "10d", "32s"),
    filled(README, "neuron --network NET --key KEY measure enact", "0x12ab", "{measure}"),
    filled(README, "neuron --network NET serve", "--data served", "--data served --listen /ip4/127.0.0.1/tcp/0"),
    filled(README, "neuron --network NET dashboard", "127.0.0.1:8480", "127.0.0.1:0"),
    filled(README, "neuron --key KEY deploy", "--key KEY", "--key devnet/keys/guest.json"),
    filled(README, "neuron --key KEY deploy", "FILE", "devnet.toml"),
    filled(README, "neuron --network NET why", "why 3", "why {won}"),
    filled(README, "neuron --network NET predict --group 1 --line", "0,0,5,13,9,1,0,0,…", "{row}"),
    filled(README, "neuron --network NET replay", "--round 3", "--round {won}"),
    filled(OPERATING, "neuron init trainer --network", "network.toml", "network.toml{alone} {http}"),
    filled(OPERATING, "neuron init validator", "/srv/validator --port 4402", "srv/validator --port 0"),
    filled(OPERATING, "neuron --key KEY key new", "KEY", "new-key.json"),
    filled(OPERATING, "neuron --key KEY key import private-key --from", "KEY", "imported.json"),
    filled(OPERATING, "neuron --key KEY key import private-key --from", "FILE", "digits"),
    filled(OPERATING, "neuron --key KEY key import keystore", "KEY", "taken.json"),
    filled(OPERATING, "neuron --key KEY key import keystore", "FILE", "devnet/keys/guest.json"),
    filled(OPERATING, "neuron --key KEY key show", "KEY", "new-key.json"),
    filled(OPERATING, "neuron --key KEY key export FILE", "KEY", "new-key.json"),
    filled(OPERATING, "neuron --key KEY key export FILE --raw-private-key", "FILE", "raw"),
    filled(OPERATING, "neuron --key KEY key export FILE", "FILE", "copy.json"),
    filled(OPERATING, "neuron --key KEY key password", "KEY", "new-key.json"),
    filled(OPERATING, "validator-node --config validator", "validator/validator.toml", "srv/validator/validator.toml"),
    filled(OPERATING, "neuron --network NET", "NET", "network.toml"),
    filled(OPERATING, "neuron --network NET --key OWNER.json", "OWNER.json", "devnet/keys/owner-4.json"),
    filled(OPERATING, "neuron --network NET --key new.json stake consent", "OWNER", "{owner}"),
    filled(OPERATING, "neuron --network NET --key OWNER.json stake rotate", "SIGNER", "{signer}"),
    filled(OPERATING, "neuron --network NET --key OWNER.json stake rotate", "CONSENT", "{consent}"),
    filled(OPERATING, "neuron --network NET peers", "tcp/4402", "tcp/0"),
    filled(OPERATING, "neuron --network NET serve", "--data served", "--data served --listen /ip4/127.0.0.1/tcp/0"),
    filled(OPERATING, "curl", "127.0.0.1:9464", "{http}"),
    filled(OPERATING, "curl -o", "<CID>", "{cid}"),
    filled(OPERATING, "neuron dashboard", "dashboard", "dashboard --listen 127.0.0.1:0"),
    filled(OPERATING, "neuron why", "why 7", "why {won}"),
    filled(OPERATING, "neuron doctor --config", "FILE", "trainer/trainer.toml"),
    filled(OPERATING, "neuron verify", "FILE", "new.patch"),
    filled(OPERATING, "neuron verify", "ADDRESS", "{contract}"),
    filled(OPERATING, "neuron --offline predict", "predict", "predict --line {row}"),
];

/// How a line ends.
pub enum End {
    /// With one of these codes.
    Code(&'static [i32]),
    /// When it has said these words it is asked to end, as by Ctrl-C, and ends well.
    Asked(&'static str),
    /// Well, or with these words: somebody else has done it.
    Or(&'static str),
    /// It is said again while it answers with these words, since its time has not come.
    Later(&'static str),
}

/// How lines end that do not end at once and well.
pub const ENDS: [(&str, End); 10] = [
    ("trainer-node", End::Asked("trainer started")),
    ("validator-node", End::Asked("validator started")),
    ("neuron --network NET serve", End::Asked("held and served")),
    ("neuron --network NET dashboard", End::Asked("the page is at")),
    ("neuron dashboard", End::Asked("the page is at")),
    ("neuron --network NET --key KEY bounty open", End::Later("is not over")),
    ("neuron --network NET --key KEY bounty settle", End::Or("nothing of bounty 1 is due now")),
    // What is not as it should be on this machine is found.
    ("neuron --network NET --key KEY doctor", End::Code(&[0, 6])),
    ("neuron doctor", End::Code(&[0, 6])),
    // It draws on a terminal, and here is none.
    ("neuron top", End::Code(&[1])),
];

/// What a line says, beside that it ends well.
pub const SAYS: [(&str, &str, &str); 44] = [
    (README, "neuron --network NET init trainer", "trainer/trainer.toml"),
    (README, "neuron --network NET --key trainer/account.json token balance", "0 of the chain's coin"),
    (README, "neuron --network NET --key OWNER stake bond", "bonded 100 NRN in position 5 of group 1"),
    (README, "neuron --network NET --key OWNER stake wake", "awake from the next epoch on"),
    (README, "neuron --network NET --key KEY delta new --group 1 --out", "the set of group 1 is in my-set"),
    (README, "neuron --network NET --key KEY delta propose", "proposed as delta "),
    (README, "neuron --network NET --key SIGNER delta vote", "signed: delta "),
    (README, "neuron --network NET delta show", "proposed in period "),
    (README, "neuron --network NET bounty seal", "sealed 40 examples for group 1 in hidden"),
    (README, "neuron --network NET --key KEY bounty fund", "funded as bounty 1 of group 1"),
    (README, "neuron --network NET bounty show", "bounty 1 of group 1"),
    (README, "neuron --network NET --key KEY bounty open", "bounty 1 is open"),
    (README, "neuron --network NET --key KEY bounty retire", "proposed as delta "),
    (README, "neuron --network NET measure show", "it was enacted"),
    (README, "neuron --network NET --key KEY measure enact", "NRN are missing"),
    (README, "neuron --key KEY deploy", "code and wiring of all eight contracts are in order"),
    (README, "neuron --network NET peers", "of group 1 are connected"),
    (README, "neuron --network NET --key KEY receipts", "all together"),
    (README, "neuron --network NET why", "won by 0x"),
    (README, "neuron --network NET --key KEY vote list", "measure 0x"),
    (README, "neuron --network NET --key KEY doctor", "ok     chain"),
    (README, "neuron --network NET predict", "%)"),
    (README, "neuron --network NET replay", "right: "),
    (README, "neuron --network NET group progress", "won rounds of group 1"),
    (OPERATING, "neuron init", "made   "),
    (OPERATING, "neuron config show --origin", "# default"),
    (OPERATING, "neuron --network network.toml config show", "as a seed reads it"),
    (OPERATING, "neuron --key KEY key new", "0x"),
    (OPERATING, "neuron --key KEY key show", "0x"),
    (OPERATING, "neuron signing import", "group 1: "),
    (OPERATING, "neuron --network NET --key OWNER.json stake rotate", "the new key signs from the next epoch on"),
    (OPERATING, "neuron --network NET serve", "serves group 1, 4 from served"),
    (OPERATING, "neuron stake list", "(you)"),
    (OPERATING, "neuron why", "won by 0x"),
    (OPERATING, "neuron group validators", "of what is awake"),
    (OPERATING, "neuron doctor", "ok     contracts"),
    (OPERATING, "neuron can-join", "yes"),
    (OPERATING, "neuron verify ADDRESS", "ok     Network"),
    (OPERATING, "neuron verify FILE", "ok     "),
    (OPERATING, "neuron group copy", "it is in network.copies"),
    (OPERATING, "neuron --offline group show", "as of block "),
    (OPERATING, "neuron --offline delta show", "as of block "),
    (OPERATING, "neuron --offline predict", "%)"),
    (OPERATING, "neuron tx list", "waits"),
];
