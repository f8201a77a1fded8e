//! `neuron vote list`: all that is being decided by stake, what authors say of it, how it stands, until when, and the command that takes
//! part.

mod motion;

use std::collections::BTreeMap;

use anyhow::Result;
use clap::{Args, Subcommand};
use node::{
    Site,
    measures::{Book, missing},
    words,
};
use patches::Words;
use protocol::{
    Address, DeltaNumber, Digest, GroupId, PositionNumber, Wei,
    ballot::Fate,
    measures::{Act, Measure},
};
use serde_json::{Value, json};

use self::motion::{Motion, Of, Own};
use super::{
    bounty,
    context::{Context, Visit, choice_in},
    delta::state::{self, State},
    ledger::Ledger,
};

#[derive(Subcommand)]
pub enum Command {
    /// Open deltas, measures and bounties: how each stands, until when, whether you voted, and the command to vote.
    List(Options),
}

#[derive(Args)]
pub struct Options {
    /// Of one group only.
    #[arg(long)]
    group: Option<u64>,
    /// Whose votes are looked for; yours by default.
    #[arg(long)]
    account: Option<Address>,
    /// Leave out what only the groups' logs know: votes and measures that nobody has brought to the chain yet.
    #[arg(long)]
    chain_only: bool,
}

/// Lists what is being voted on.
///
/// # Errors
/// When the chain does not answer.
pub async fn run(context: &Context, command: Command) -> Result<()> {
    let Command::List(options) = command;
    let site = context.site().await?;
    let account = match options.account {
        Some(account) => Some(account),
        None => context.own_address().await.ok(),
    };
    let ledger = Ledger::read(&site).await?;
    let mut motions = Vec::new();
    for group in ledger.groups().filter(|group| options.group.is_none_or(|asked| asked == group.0)) {
        let own = account.map(|account| ledger.positions_of(group, account)).unwrap_or_default();
        let numbers: Vec<PositionNumber> = own.iter().map(|(number, _)| *number).collect();
        let is_read = !options.chain_only && (options.group.is_some() || !numbers.is_empty());
        let open = ledger.views.open_deltas(group).iter().map(|number| (*number, ledger.views.delta(group, *number).digest));
        let logged = if is_read { Logged::read(context, &site, group, account, open.collect()).await? } else { Logged::default() };
        motions.extend(deltas(&ledger, group, &numbers, &logged));
        motions.extend(measures(&ledger, group, &numbers, &logged, account));
    }
    for dated in bounty::all(&site.network, options.group.map(GroupId)).await?.iter().filter(|dated| !dated.bounty.settled) {
        motions.push(Motion::of_bounty(dated.number, dated.bounty.group, dated.brief(ledger.now_s), dated.next(ledger.now_s)));
    }
    let lines = motion::lines(&motions, ledger.now_s);
    let listed: Vec<Value> = motions.iter().map(Motion::data).collect();
    context.answer(&lines, &json!({ "account": account, "motions": listed }))
}

/// What a group's log knows and the chain perhaps does not.
#[derive(Default)]
struct Logged {
    measures: Book,
    /// The account's last choice in each period.
    choices: BTreeMap<u64, (u64, DeltaNumber)>,
    /// What the authors of open deltas say of them, as far as their patches were given.
    words: BTreeMap<DeltaNumber, Words>,
}

impl Logged {
    async fn read(
        context: &Context,
        site: &Site,
        group: GroupId,
        account: Option<Address>,
        open: Vec<(DeltaNumber, Digest)>,
    ) -> Result<Self> {
        let visit: Visit = context.visit(site, group).await?;
        let (mut logged, domain) = (Self::default(), site.network.domain());
        for (_, body) in visit.read_log().await? {
            logged.measures.note(&body, &domain);
            if let Some((_, choice)) = choice_in(&body, &domain).filter(|(signer, _)| account == Some(*signer)) {
                logged.choose(choice.period.0, choice.seq, choice.delta);
            }
        }
        for (number, patch) in open {
            if let Ok(body) = visit.member.body(patch).await {
                logged.words.insert(number, patches::words(&body));
            }
        }
        visit.client.shutdown().await;
        Ok(logged)
    }

    fn choose(&mut self, period: u64, seq: u64, delta: DeltaNumber) {
        let last = self.choices.entry(period).or_insert((seq, delta));
        *last = (*last).max((seq, delta));
    }
}

/// The open deltas of a group.
fn deltas(ledger: &Ledger, group: GroupId, own: &[PositionNumber], logged: &Logged) -> Vec<Motion> {
    let Some(shown) = ledger.views.group(group) else { return Vec::new() };
    let keep = ledger.views.keep_votes(group).unwrap_or_default();
    let bonded = ledger.views.stake(group, ledger.now_s).bonded;
    // More than for keeping the set, and a tenth of the group's stake; stake comes in whole gweis.
    let least = missing(keep, Wei::ZERO).max(missing(Wei(bonded.0.div_ceil(10).saturating_sub(1)), Wei::ZERO));
    let signed = logged.choices.get(&shown.period_number.0).map(|(_, delta)| *delta);
    let open = ledger.views.open_deltas(group);
    let leading = state::leading(open.iter().map(|number| (*number, ledger.views.delta(group, *number).votes)), keep, bonded);
    let one = |number: &DeltaNumber| {
        let delta = ledger.views.delta(group, *number);
        let choice = |position: &PositionNumber| {
            let ballot = ledger.views.ballot(group, *position).filter(|ballot| !ballot.weight.is_zero()).map(|ballot| ballot.delta);
            Own {
                group,
                position: *position,
                counted: ballot.map(|chosen| chosen == *number),
                signed: signed.map(|chosen| chosen == *number),
            }
        };
        Motion {
            of: Of::Delta(*number),
            group,
            state: Some(State::of(Fate::Open, leading == Some(*number), None)),
            said: logged.words.get(number).cloned(),
            what: format!("changes the training set by patch {}, proposed by {}", delta.digest, delta.author),
            votes: delta.votes,
            least: Some(least),
            until_s: Some(shown.period_end_s),
            own: own.iter().map(choice).collect(),
            command: Some(format!("neuron delta vote {number} --group {group}")),
        }
    };
    open.iter().map(one).collect()
}

/// The measures about a group that are neither enacted nor over.
fn measures(ledger: &Ledger, group: GroupId, own: &[PositionNumber], logged: &Logged, account: Option<Address>) -> Vec<Motion> {
    let on_chain = ledger.views.measures().map(|(name, said)| {
        let measure = Measure { kind: said.kind, args: said.args.clone(), nonce: said.nonce, expiry_s: said.expiry_s };
        (name, measure, Some(said.needed))
    });
    let in_log = logged.measures.entries().map(|(name, _, entry)| (name, entry.measure.clone(), None));
    let all: BTreeMap<Digest, (Measure, Option<Wei>)> =
        in_log.chain(on_chain).map(|(name, measure, needed)| (name, (measure, needed))).collect();
    let mut motions = Vec::new();
    for (name, (measure, needed)) in all {
        let state = ledger.views.measure(name);
        let Ok(act) = measure.act() else { continue };
        if act.group() != group || state.enacted || measure.expiry_s <= ledger.now_s {
            continue;
        }
        let epoch = ledger.views.epoch(ledger.now_s);
        let votes = if state.epoch == epoch { state.weight } else { Wei::ZERO };
        motions.push(Motion {
            of: Of::Measure(name),
            group,
            state: None,
            said: None,
            what: words::of_act(&act),
            votes,
            least: needed.map(|needed| missing(needed, Wei::ZERO)),
            until_s: Some(measure.expiry_s),
            own: speakers(ledger, &act, own, account)
                .into_iter()
                .map(|(group, position)| assent(ledger, logged, name, epoch, (group, position)))
                .collect(),
            command: Some(format!("neuron measure sign {name} --group {group}")),
        });
    }
    motions
}

/// The positions that may assent: of measures of the whole network those in all groups.
fn speakers(ledger: &Ledger, act: &Act, own: &[PositionNumber], account: Option<Address>) -> Vec<(GroupId, PositionNumber)> {
    match (act.is_local(), account) {
        (true, _) | (false, None) => own.iter().map(|position| (act.group(), *position)).collect(),
        (false, Some(account)) => {
            let of_group = |group| ledger.positions_of(group, account).into_iter().map(move |(position, _)| (group, position));
            ledger.groups().flat_map(of_group).collect()
        }
    }
}

fn assent(ledger: &Ledger, logged: &Logged, name: Digest, epoch: u64, (group, position): (GroupId, PositionNumber)) -> Own {
    let of_this = |assent: &&views::Assent| (assent.group, assent.position, assent.epoch) == (group, position, epoch);
    let counted = ledger.views.assents(name).iter().any(|assent| of_this(&assent));
    let entry = logged.measures.get(name);
    let signed = entry.is_some_and(|entry| entry.has_assent_of(group, position));
    Own { group, position, counted: counted.then_some(true), signed: signed.then_some(true) }
}
