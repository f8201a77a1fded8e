//! Weather that changes, nodes that are killed and rise, and the end.

use protocol::{
    eip712::{Node as Bound, Typed as _, sign},
    log::{Binding, Body},
    pace::Tempo,
    panel::{self, Panel},
    signing_log::SigningLog,
    trainer::{self, Remembered, Trainer},
};

use super::{Happening, START_AGAIN_MS, World};
use crate::{
    chain::SimError,
    disk::{Commit, Life, VERDICTS, commits},
    faults::{Fault, Trouble, Weather},
    node::{Mind, Role},
};

/// Seconds kept at the end of TRAIN for storing a file and committing.
const COMMIT_S: u64 = 1;
/// Pay becomes stake once it is this part of it.
const COMPOUND_PART: u64 = 64;
/// Verdicts in one transaction.
const VERDICTS_A_CALL: usize = 64;

impl World {
    pub(crate) fn change_weather(&mut self) -> Result<(), SimError> {
        let now_ms = self.now_ms();
        self.weather = Weather::at(&self.plan.faults, self.nodes.len(), now_ms);
        self.cuts.iter().for_each(|(from, to)| self.weather.cut(*from, *to));
        for (node, weather) in self.nodes.iter_mut().zip(&self.weather.nodes) {
            node.disk.is_full = weather.disk_full;
        }
        for Fault { from_ms, until_ms, trouble } in self.plan.faults.clone() {
            if from_ms == now_ms {
                self.trace.note(now_ms, "weather", &format!("{trouble:?} begins"));
                self.strike(trouble)?;
            } else if until_ms == now_ms {
                self.trace.note(now_ms, "weather", &format!("{trouble:?} is over"));
                self.relieve(trouble)?;
            }
        }
        Ok(())
    }

    fn strike(&mut self, trouble: Trouble) -> Result<(), SimError> {
        match trouble {
            Trouble::Reorganisation { depth } => self.reorganise(depth)?,
            Trouble::Kill { node, steps: 0 } => self.die(node),
            Trouble::Kill { node, steps } => self.nodes[node].life.doom(steps),
            Trouble::PeerFloods { node } => self.flood(node, 0),
            Trouble::PeerForges { node } => self.forge(node, 0),
            _ => {}
        }
        Ok(())
    }

    /// Whoever was not killed by a step that it made is killed while it rests.
    fn relieve(&mut self, trouble: Trouble) -> Result<(), SimError> {
        if let Trouble::Kill { node, .. } = trouble {
            self.die(node);
            self.rise(node)?;
        }
        Ok(())
    }

    pub(crate) fn die(&mut self, node: usize) {
        if self.nodes[node].process.is_none() {
            return;
        }
        self.note(node, "is killed");
        let mut random = self.random_of("cut", node);
        self.nodes[node].die(&mut random);
    }

    /// Starts a node anew from its disk, unless another fault keeps it down.
    pub(crate) fn rise(&mut self, node: usize) -> Result<(), SimError> {
        let now_ms = self.now_ms();
        let is_kept_down =
            |fault: &Fault| matches!(fault.trouble, Trouble::Kill { node: whose, .. } if whose == node) && fault.is_on(now_ms);
        if self.nodes[node].process.is_some() || self.plan.faults.iter().any(is_kept_down) {
            return Ok(());
        }
        if self.weather.nodes[node].is_silent || self.weather.nodes[node].disk_full {
            self.schedule.after(START_AGAIN_MS, Happening::Rise { node });
            return Ok(());
        }
        let number = self.confirmed(self.ledger.tip());
        let (tip, view) = (self.ledger.block(number), self.view_of(node, number)?);
        let mind = self.mind(node);
        let own = &mut self.nodes[node];
        own.life = Life::default();
        match own.start(mind, view.as_ref().clone(), tip) {
            Ok(effects) => self.act(node, effects),
            Err(error) => self.checks.fail(format!("{} cannot start: {error}", self.nodes[node].name)),
        }
        self.note(node, "is up");
        self.show_head(node, self.ledger.tip())?;
        self.bind(node);
        if self.ends {
            self.finish_one(node);
        }
        Ok(())
    }

    fn mind(&mut self, node: usize) -> Mind {
        let own = &self.nodes[node];
        if own.role == Role::Stranger {
            return Mind::Idle;
        }
        let tempo = Tempo { confirmations: self.plan.confirmations, ..Tempo::default() };
        if own.role == Role::Validator {
            let (group, domain, signer) = (own.group, self.domain, own.account);
            let (compound_part, verdicts_a_call) = (COMPOUND_PART, VERDICTS_A_CALL);
            // What cannot be read ends its start soon after.
            let signed = SigningLog::parse(own.disk.read(VERDICTS)).map(|loaded| loaded.log.of(group)).unwrap_or_default();
            return Mind::Validator(Box::new(Panel::new(panel::Config {
                group,
                domain,
                signer,
                tempo,
                compound_part,
                verdicts_a_call,
                signed,
                doppelganger_check: true,
            })));
        }
        let (group, account, secret) = (own.group, own.account, own.secret);
        let config = trainer::Config { group, account, tempo, commit_s: COMMIT_S, unpaid: false, rounds: None, secret };
        let remembered = commits(&own.disk).unwrap_or_else(|error| {
            self.checks.fail(format!("{}: {error}", own.name));
            Vec::new()
        });
        let remembered = remembered.into_iter().map(|Commit { round, file, salt }| Remembered { round, file, salt });
        Mind::Trainer(Box::new(Trainer::new(config, remembered)))
    }

    /// Says in the log for which account the node speaks.
    fn bind(&mut self, node: usize) {
        let own = &self.nodes[node];
        let digest = Bound { node: own.replica.author() }.digest(&self.domain);
        let Ok(signature) = sign(digest, &own.key) else { return };
        let body = Body::Binding(Binding { account: own.account, signature });
        self.tell_log(node, &body);
    }

    /// From now on trainers begin nothing new.
    pub(crate) fn finish(&mut self) {
        self.ends = true;
        (0..self.nodes.len()).for_each(|node| self.finish_one(node));
    }

    fn finish_one(&mut self, node: usize) {
        if let Some(process) = &mut self.nodes[node].process {
            let effects = process.machine.finish();
            self.act(node, effects);
        }
    }
}
