//! The shell around a machine: what the node hears goes in, what the machine asks for is done, what came of it goes back in. It
//! decides nothing.

use std::{future::Future, mem, path::PathBuf};

use anyhow::{Context, Result};
use chain::Account;
use governance::Network;
use protocol::{
    chain::{Block, GroupView},
    machine::{Heard, Machine},
    pace::Tempo,
};
use tokio::sync::{mpsc, watch};

use crate::{
    feed::Feed,
    member::Member,
    pins::Keeper,
    stop::Stop,
    vitals::{Waiting, Watch},
};

/// Answers that wait for the machine.
const ANSWERS_LIMIT: usize = 64;

type Effect<P> = <<P as Program>::Machine as Machine>::Effect;
type Answer<P> = <<P as Program>::Machine as Machine>::Answer;

/// What a program does for its machine.
pub trait Program: Send + 'static {
    type Machine: Machine<Effect: Send, Answer: Send> + Send;

    /// Does or starts one effect. What takes longer than a line on disk is [spawned](Answers::spawn); what is known at once is
    /// returned.
    fn act(&mut self, effect: Effect<Self>, scene: Scene<'_>, answers: &Answers<Answer<Self>>) -> Option<Answer<Self>>;
}

/// What was heard last.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub view: &'a GroupView,
    /// None before the first block.
    pub now: Option<Block>,
}

/// Where answers to effects go. Clones share it.
pub struct Answers<A>(mpsc::Sender<A>);

impl<A: Send + 'static> Answers<A> {
    /// Does the work in a task of its own; what it gives are answers.
    pub fn spawn<All: IntoIterator<Item = A, IntoIter: Send>>(&self, work: impl Future<Output = All> + Send + 'static) {
        let answers = self.0.clone();
        tokio::spawn(async move {
            for answer in work.await.into_iter() {
                // The receiver is gone when the program ends or the machine began anew: then nobody waits for it.
                let _ = answers.send(answer).await;
            }
        });
    }
}

/// A node that has joined one of its groups.
pub struct Node {
    pub account: Account,
    /// Sends as the account.
    pub network: Network,
    pub member: Member,
    /// What machines are told of the chain's time.
    pub tempo: Tempo,
    /// The node's own key.
    pub secret: [u8; 32],
    /// For what is kept of this group.
    pub folder: PathBuf,
    pub(crate) feed: Feed,
    pub(crate) watch: Watch,
}

impl Node {
    /// The group as it is.
    pub fn view(&self) -> &GroupView {
        self.feed.view()
    }

    /// Puts a machine in its shell.
    pub fn shell<P: Program>(self, machine: P::Machine, program: P) -> Shell<P> {
        let (view, heard) = (self.feed.view().clone(), self.feed.spawn());
        let keeper = Keeper::start(self.member.clone());
        Shell { machine, program, member: self.member, keeper, watch: self.watch, heard, answers: answers(), view, now: None }
    }
}

/// A running machine.
pub struct Shell<P: Program> {
    machine: P::Machine,
    program: P,
    member: Member,
    keeper: Keeper,
    watch: Watch,
    heard: mpsc::Receiver<Result<Heard>>,
    answers: (Answers<Answer<P>>, mpsc::Receiver<Answer<P>>),
    view: GroupView,
    now: Option<Block>,
}

fn answers<A>() -> (Answers<A>, mpsc::Receiver<A>) {
    let (sender, receiver) = mpsc::channel(ANSWERS_LIMIT);
    (Answers(sender), receiver)
}

impl<P: Program> Shell<P> {
    /// Runs until the machine has finished, which it is asked to by `stop`; dropped, it leaves on disk what the next start needs.
    ///
    /// # Errors
    /// Only such as waiting does not cure.
    pub async fn run(mut self, mut stop: watch::Receiver<Stop>) -> Result<()> {
        while !self.machine.is_finished() {
            let effects = tokio::select! {
                heard = self.heard.recv() => self.hear(heard.context("the feed has ended")??).await,
                Some(answer) = self.answers.1.recv() => self.machine.answer(answer),
                changed = stop.changed() => {
                    changed.context("the signal listener has ended")?;
                    self.machine.finish()
                }
            };
            self.act(effects);
        }
        Ok(())
    }

    async fn hear(&mut self, heard: Heard) -> Vec<Effect<P>> {
        self.keeper.hear(&heard).await;
        self.watch.hear(&heard, Waiting { heard: self.heard.len(), answers: self.answers.1.len() });
        match &heard {
            // Answers to what was asked for before are nobody's.
            Heard::Restart => self.answers = answers(),
            Heard::Group(view) => self.view = view.clone(),
            Heard::Event { event, .. } => self.member.note(event).await,
            Heard::Block(block) => self.now = Some(*block),
            Heard::Log { author, body } => self.member.heard(*author, body),
            Heard::Live | Heard::Double { .. } => {}
        }
        self.machine.hear(heard)
    }

    fn act(&mut self, mut effects: Vec<Effect<P>>) {
        while !effects.is_empty() {
            for effect in mem::take(&mut effects) {
                let scene = Scene { view: &self.view, now: self.now };
                if let Some(answer) = self.program.act(effect, scene, &self.answers.0) {
                    effects.extend(self.machine.answer(answer));
                }
            }
        }
    }
}
