//! One node: its keys, its disk, its log, and while it is up a process with a machine in it.

use std::collections::{BTreeMap, VecDeque};

use k256::ecdsa::SigningKey;
use protocol::{
    Address, Digest, RoundNumber,
    chain::{Block, GroupView},
    eip712::address_of,
    feed::Teller,
    ids::GroupId,
    jury,
    machine::{Heard, Machine},
    panel::{self, Panel},
    steward,
    trainer::{self, Failed, Trainer, Transaction},
    validator,
    warden::{self, Duty},
};

use crate::{
    calling::Calling,
    chain::TransactionId,
    disk::{Disk, DiskError, FINDINGS, Life, Signing, VERDICTS},
    log::Replica,
    random::Random,
    usage::Usage,
};

/// Rounds whose base a validator remembers: the running one and the one before.
const EXAMS_KEPT: usize = 2;
/// Number of the block in which the contracts were deployed.
const FIRST: u64 = 1;
/// Blocks of which a node remembers that it was told them.
const TOLD_KEPT: usize = 64;

/// What a node is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Trainer,
    Validator,
    /// Takes part in log and exchange of files, and in nothing else unless it has a vice.
    Stranger,
}

/// See the module.
pub struct Node {
    pub name: String,
    pub group: GroupId,
    pub role: Role,
    pub key: SigningKey,
    pub account: Address,
    /// Hides files behind their seals.
    pub secret: [u8; 32],
    pub replica: Replica,
    pub disk: Disk,
    pub life: Life,
    pub usage: Usage,
    /// Counts processes and beginnings of history: what was asked for in another one is answered to nobody.
    pub generation: u64,
    pub process: Option<Process>,
    /// Whether it keeps to what honest nodes do.
    pub is_honest: bool,
    /// What whoever is behind it does with NRN, if it has no machine for that.
    pub calling: Option<Calling>,
    /// Keys of the accounts that whoever stands behind it has beside that one.
    pub aliases: Vec<SigningKey>,
}

/// What a kill takes away.
pub struct Process {
    pub machine: Mind,
    pub teller: Teller,
    /// Number of the next block to be told.
    pub next: u64,
    /// The last blocks that were told.
    pub told: VecDeque<Block>,
    /// Messages of one's own log that were read.
    pub cursor: u64,
    pub verdicts: Signing,
    pub findings: Signing,
    /// The training that is under way: round and attempt.
    pub run: Option<(RoundNumber, u32)>,
    /// Base and seed of the rounds whose base was measured.
    pub exams: BTreeMap<RoundNumber, (Digest, Digest)>,
    /// Transactions whose result was not told yet,
    /// and whether that will never be heard.
    pub pending: BTreeMap<TransactionId, (Asked, bool)>,
}

/// What decides in a node.
pub enum Mind {
    Trainer(Box<Trainer>),
    Validator(Box<Panel>),
    /// Nothing: whatever the node does its adversary does.
    Idle,
}

/// What it asks for.
#[derive(Debug, Clone)]
pub enum Effect {
    Trainer(trainer::Effect),
    Validator(panel::Effect),
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Answer {
    Trainer(trainer::Input),
    Validator(panel::Answer),
}

/// Who waits for what came of a transaction.
#[derive(Debug, Clone)]
pub enum Asked {
    Trainer(Transaction, Vec<RoundNumber>),
    Posted(RoundNumber),
    Steward,
    Duty(Duty),
    Jury,
    Nobody,
}

impl Asked {
    /// The answers that a result makes.
    pub fn answers(&self, result: &Result<(), Failed>) -> Vec<Answer> {
        let one = |answer| vec![Answer::Validator(answer)];
        let told = || result.clone().map_err(Failed::reason);
        match self {
            Self::Trainer(what, rounds) => {
                let sent = |round: &RoundNumber| trainer::Input::Sent { what: *what, round: *round, result: result.clone() };
                rounds.iter().map(sent).map(Answer::Trainer).collect()
            }
            Self::Posted(round) => one(panel::Answer::Validator(validator::Input::Posted { round: *round, result: told() })),
            Self::Steward => one(panel::Answer::Steward(steward::Input::Failed)),
            Self::Duty(duty) => one(panel::Answer::Warden(warden::Input::Sent { duty: *duty, result: told() })),
            Self::Jury => one(panel::Answer::Jury(jury::Input::Sent(told()))),
            Self::Nobody => Vec::new(),
        }
    }
}

impl Mind {
    pub fn hear(&mut self, heard: Heard) -> Vec<Effect> {
        match self {
            Self::Trainer(machine) => machine.hear(heard).into_iter().map(Effect::Trainer).collect(),
            Self::Validator(machine) => machine.hear(heard).into_iter().map(Effect::Validator).collect(),
            Self::Idle => Vec::new(),
        }
    }

    pub fn answer(&mut self, answer: Answer) -> Vec<Effect> {
        match (self, answer) {
            (Self::Trainer(machine), Answer::Trainer(answer)) => machine.answer(answer).into_iter().map(Effect::Trainer).collect(),
            (Self::Validator(machine), Answer::Validator(answer)) => machine.answer(answer).into_iter().map(Effect::Validator).collect(),
            _ => Vec::new(),
        }
    }

    pub fn finish(&mut self) -> Vec<Effect> {
        match self {
            Self::Trainer(machine) => machine.finish().into_iter().map(Effect::Trainer).collect(),
            // It has nothing to end with, and others may still need it.
            Self::Validator(_) | Self::Idle => Vec::new(),
        }
    }

    /// Whether ending now would lose nothing.
    pub fn is_finished(&self) -> bool {
        match self {
            Self::Trainer(machine) => machine.is_finished(),
            Self::Validator(_) | Self::Idle => true,
        }
    }
}

impl Node {
    /// A node that has not been started, with keys drawn for its number.
    pub fn new(seed: u64, number: usize, role: Role, name: String, group: GroupId) -> Self {
        let mut random = Random::new(seed, "keys", number as u64);
        let key = account_key(&mut random);
        let account = address_of(key.verifying_key());
        Self {
            name,
            group,
            role,
            key,
            account,
            secret: random.bytes(),
            replica: Replica::new(group, random.bytes()),
            disk: Disk::default(),
            life: Life::default(),
            usage: Usage::default(),
            generation: 0,
            process: None,
            is_honest: true,
            calling: None,
            aliases: Vec::new(),
        }
    }

    /// The node, with so many further accounts of whoever stands behind it.
    pub fn with_aliases(self, count: usize) -> Self {
        let [high, low] = [0, 8].map(|place| u64::from_be_bytes(std::array::from_fn(|byte| self.secret[place + byte])));
        let alias = |number: usize| account_key(&mut Random::new(high, "alias", low.wrapping_add(number as u64)));
        Self { aliases: (0..count).map(alias).collect(), ..self }
    }

    /// Its account, and the further ones.
    pub fn accounts(&self) -> Vec<Address> {
        std::iter::once(self.account).chain(self.aliases.iter().map(|key| address_of(key.verifying_key()))).collect()
    }

    /// Whether whoever is behind it risks NRN of his own, and has some.
    pub fn has_purse(&self) -> bool {
        self.role == Role::Trainer || !self.is_honest || self.calling.is_some()
    }

    /// Whether it takes part in anything.
    pub fn is_up(&self) -> bool {
        self.process.is_some() || self.role == Role::Stranger
    }

    /// A process that is told history up to `tip` first.
    ///
    /// # Errors
    /// When its files are damaged, or it is killed before they are open.
    pub fn start(&mut self, mind: Mind, view: GroupView, tip: Block) -> Result<Vec<Effect>, DiskError> {
        self.generation += 1;
        let verdicts = Signing::open(VERDICTS, &mut self.disk, &mut self.life)?;
        let findings = Signing::open(FINDINGS, &mut self.disk, &mut self.life)?;
        let mut process = Process {
            machine: mind,
            teller: Teller::new(view.clone(), tip),
            next: FIRST,
            told: VecDeque::new(),
            cursor: 0,
            verdicts,
            findings,
            run: None,
            exams: BTreeMap::new(),
            pending: BTreeMap::new(),
        };
        let heard = Heard::Group(view);
        self.replica.hear(&heard);
        let effects = process.machine.hear(heard);
        self.process = Some(process);
        Ok(effects)
    }

    /// What a kill leaves.
    pub fn die(&mut self, random: &mut Random) {
        self.process = None;
        self.generation += 1;
        self.disk.cut(random);
        self.replica.cut(random);
    }
}

impl Process {
    /// History is told anew.
    pub fn restart(&mut self, view: GroupView, tip: Block) -> Vec<Effect> {
        self.teller = Teller::new(view.clone(), tip);
        (self.next, self.cursor, self.run) = (FIRST, 0, None);
        self.told.clear();
        self.exams.clear();
        self.pending.clear();
        let mut effects = self.machine.hear(Heard::Restart);
        effects.extend(self.machine.hear(Heard::Group(view)));
        effects
    }

    /// Notes a block that was told.
    pub fn note(&mut self, block: Block) {
        self.next = block.number + 1;
        self.told.push_back(block);
        if self.told.len() > TOLD_KEPT {
            self.told.pop_front();
        }
    }

    /// Notes by which base and seed a round is judged.
    pub fn examine(&mut self, round: RoundNumber, base: Digest, seed: Digest) {
        self.exams.insert(round, (base, seed));
        while self.exams.len() > EXAMS_KEPT {
            self.exams.pop_first();
        }
    }
}

/// Nearly every 32 bytes are a key.
pub(crate) fn account_key(random: &mut Random) -> SigningKey {
    loop {
        if let Ok(key) = SigningKey::from_slice(&random.bytes()) {
            return key;
        }
    }
}
