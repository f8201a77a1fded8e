//! A validator's panel: the machines of validator, steward, warden and jury, and who of them hears what and when.

use std::cell::OnceCell;

use crate::bindings::Bindings;
use crate::chain::{Block, ChainEvent, GroupView, PositionView};
use crate::eip712::{Domain, SignedVerdict};
use crate::ids::{Address, DeltaNumber, Digest, GroupId, NodeId};
use crate::jury::{self, Jury};
use crate::log::{Binding, Body};
use crate::machine::{Heard, Machine};
use crate::pace::Tempo;
use crate::signing_log::SigningLog;
use crate::steward::{self, Steward};
use crate::validator::{self, Validator};
use crate::warden::{self, Warden};

/// One validator: a signer in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Group in which it judges, votes and finds.
    pub group: GroupId,
    /// Where its signatures count.
    pub domain: Domain,
    /// Account whose position votes, and that sends.
    pub signer: Address,
    /// What it is told of the chain's time.
    pub tempo: Tempo,
    /// One's pay is made stake once it is this part of the stake (64: one 64th); 0: never.
    pub compound_part: u64,
    /// Verdicts or findings in one transaction; see [`verdicts_a_call`](crate::validator::verdicts_a_call).
    pub verdicts_a_call: usize,
    /// What its signing log holds.
    pub signed: SigningLog,
    /// Whether it waits before it signs where the chain or the log shows verdicts of its key that the signing log lacks.
    pub doppelganger_check: bool,
}

/// What the panel asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Of the machine that judges claims.
    Validator(validator::Effect),
    /// Of the one that brings votes to the chain.
    Steward(steward::Effect),
    /// Of the one that sees to presence and honesty.
    Warden(warden::Effect),
    /// Of the one that measures hidden sets.
    Jury(jury::Effect),
    /// Get the body of a proposed delta, keep it, and tell the log so (a `have` of round 0).
    Hold { delta: DeltaNumber, digest: Digest },
    /// Build the set at this head and tell the log its root.
    TellRoot { head: Digest },
    /// One's own position does not count until then; it is `epoch` now.
    Asleep { until: u64, epoch: u64 },
}

/// What came of an effect, for the machine that asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To the machine that judges claims.
    Validator(validator::Input),
    /// To the one that brings votes to the chain.
    Steward(steward::Input),
    /// To the one that sees to presence and honesty.
    Warden(warden::Input),
    /// To the one that measures hidden sets.
    Jury(jury::Input),
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Panel {
    config: Config,
    validator: Validator,
    steward: Steward,
    warden: Warden,
    jury: Jury,
    bindings: Bindings,
    view: Option<GroupView>,
    now: Option<Block>,
    is_live: bool,
    ends: bool,
}

impl Panel {
    /// Nothing was heard yet.
    pub fn new(mut config: Config) -> Self {
        let Config { group, domain, signer, tempo, compound_part, verdicts_a_call, doppelganger_check, .. } = config;
        let signed = std::mem::take(&mut config.signed);
        Self {
            config,
            validator: Validator::new(validator::Config { group, domain, signer, tempo, verdicts_a_call, signed, doppelganger_check }),
            steward: Steward::new(steward::Config { group, domain, signer, tempo }),
            warden: Warden::new(warden::Config { group, domain, signer, tempo, compound_part, verdicts_a_call }),
            jury: Jury::new(jury::Config { group, domain, signer, tempo, findings_a_call: verdicts_a_call }),
            bindings: Bindings::new(domain),
            view: None,
            now: None,
            is_live: false,
            ends: false,
        }
    }

    fn validator(&mut self, input: validator::Input) -> Vec<Effect> {
        self.validator.handle(input).into_iter().map(Effect::Validator).collect()
    }

    fn steward(&mut self, input: steward::Input) -> Vec<Effect> {
        self.steward.handle(input).into_iter().map(Effect::Steward).collect()
    }

    fn warden(&mut self, input: warden::Input) -> Vec<Effect> {
        self.warden.handle(input).into_iter().map(Effect::Warden).collect()
    }

    /// What it must not sign now it asks for again.
    fn jury(&mut self, input: jury::Input) -> Vec<Effect> {
        let may_sign = self.validator.may_sign();
        let allowed = self.jury.handle(input).into_iter().filter(|effect| may_sign || !matches!(effect, jury::Effect::Sign { .. }));
        allowed.map(Effect::Jury).collect()
    }

    fn restart(&mut self) -> Vec<Effect> {
        *self = Self { ends: self.ends, validator: self.validator.anew(), ..Self::new(self.config.clone()) };
        Vec::new()
    }

    fn group(&mut self, view: GroupView) -> Vec<Effect> {
        let mut effects = self.steward(steward::Input::Group(view.clone()));
        effects.extend(self.warden(warden::Input::Group(view.clone())));
        effects.extend(self.jury(jury::Input::Group(view.clone())));
        effects.extend(self.validator(validator::Input::Group(view.clone())));
        self.view = Some(view);
        effects
    }

    fn event(&mut self, block: Block, event: ChainEvent) -> Vec<Effect> {
        let mut effects: Vec<Effect> = if self.is_live { self.serve(block, &event).into_iter().collect() } else { Vec::new() };
        effects.extend(self.steward(steward::Input::Event(event.clone())));
        effects.extend(self.warden(warden::Input::Event(event.clone())));
        effects.extend(self.jury(jury::Input::Event(event.clone())));
        effects.extend(self.validator(validator::Input::Event(event)));
        effects
    }

    /// Bodies of proposed deltas are held here, and of each new set the root is told.
    fn serve(&self, block: Block, event: &ChainEvent) -> Option<Effect> {
        match event {
            ChainEvent::Proposed { delta, digest, .. } => Some(Effect::Hold { delta: *delta, digest: *digest }),
            ChainEvent::Turned { head, .. } | ChainEvent::Taken { head, .. } => Some(Effect::TellRoot { head: *head }),
            ChainEvent::Dozed { position, until, .. } if self.own().is_some_and(|own| own.number == *position) => {
                Some(Effect::Asleep { until: *until, epoch: self.view.as_ref()?.epoch(block.time_s) })
            }
            _ => None,
        }
    }

    /// Of votes nothing is brought before all is known that others have brought.
    fn block(&mut self, block: Block) -> Vec<Effect> {
        self.now = Some(block);
        let mut effects = self.validator(validator::Input::Block(block));
        effects.extend(self.warden(warden::Input::Block(block)));
        effects.extend(self.jury(jury::Input::Block(block)));
        if self.is_live {
            effects.extend(self.steward(steward::Input::Block(block)));
        }
        effects
    }

    fn live(&mut self) -> Vec<Effect> {
        self.is_live = true;
        let mut effects: Vec<Effect> = self.view.iter().map(|view| Effect::TellRoot { head: view.head }).collect();
        effects.extend(self.asleep());
        effects.extend(self.validator(validator::Input::Live));
        effects.extend(self.warden(warden::Input::Live));
        effects.extend(self.jury(jury::Input::Live));
        effects
    }

    fn asleep(&self) -> Option<Effect> {
        let (view, now) = (self.view.as_ref()?, self.now?);
        let own = self.own().filter(|own| !own.awake_next)?;
        Some(Effect::Asleep { until: own.sleeps_until, epoch: view.epoch(now.time_s) })
    }

    fn own(&self) -> Option<&PositionView> {
        self.view.as_ref()?.position_of(self.config.signer)
    }

    fn read(&mut self, author: NodeId, body: Body) -> Vec<Effect> {
        match body {
            Body::Verdict(verdict) => self.hear_verdict(verdict),
            Body::Finding(finding) => self.jury(jury::Input::Heard(finding)),
            Body::Alarm { verdict, .. } => self.warden(warden::Input::Alarmed(verdict)),
            Body::Choice(choice) => self.steward(steward::Input::Heard(choice)),
            Body::Binding(binding) => self.bind(author, &binding),
            Body::Have { round, file } => {
                let Some(position) = self.position_of(author).map(|position| position.number) else { return Vec::new() };
                let mut effects = self.validator(validator::Input::Have { round, file, position });
                effects.extend(self.jury(jury::Input::Have { round, file, position }));
                effects
            }
            _ => Vec::new(),
        }
    }

    /// Two machines want to know who signed it, and to find out is what costs most of all that is done here.
    fn hear_verdict(&mut self, verdict: SignedVerdict) -> Vec<Effect> {
        let (domain, found) = (self.config.domain, OnceCell::new());
        let signer = || *found.get_or_init(|| verdict.signer(&domain).ok());
        let heard = self.validator.hear(verdict, signer).into_iter().map(Effect::Validator);
        heard.chain(self.warden.hear(verdict, signer).into_iter().map(Effect::Warden)).collect()
    }

    /// Nodes of stake have room of their own; strangers share what is left.
    fn bind(&mut self, author: NodeId, binding: &Binding) -> Vec<Effect> {
        let view = self.view.as_ref();
        self.bindings.note_among(author, binding, |account| view.is_some_and(|view| view.position_of(account).is_some()));
        Vec::new()
    }

    /// The position for whose signer a node speaks.
    fn position_of(&self, node: NodeId) -> Option<&PositionView> {
        self.view.as_ref()?.position_of(self.bindings.account(node)?)
    }
}

impl Machine for Panel {
    type Effect = Effect;
    type Answer = Answer;

    fn hear(&mut self, heard: Heard) -> Vec<Effect> {
        match heard {
            Heard::Restart => self.restart(),
            Heard::Group(view) => self.group(view),
            Heard::Event { block, event } => self.event(block, event),
            Heard::Block(block) => self.block(block),
            Heard::Live => self.live(),
            Heard::Log { author, body } => self.read(author, body),
            Heard::Double { message } => self.validator(validator::Input::Double { message }),
        }
    }

    fn answer(&mut self, answer: Answer) -> Vec<Effect> {
        match answer {
            Answer::Validator(input) => self.validator(input),
            Answer::Steward(input) => self.steward(input),
            Answer::Warden(input) => self.warden(input),
            Answer::Jury(input) => self.jury(input),
        }
    }

    /// Nothing that a validator has begun can be lost: it ends at once.
    fn finish(&mut self) -> Vec<Effect> {
        self.ends = true;
        Vec::new()
    }

    fn is_finished(&self) -> bool {
        self.ends
    }
}
