//! The devnet as a command: start, show, report, and stop everything, whatever happens.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};
use evaluator::Data;
use node::{Heard, output};
use protocol::{RoundNumber, chain::Block, log::Body};
use tokio::task::JoinSet;

use crate::{
    devnet::{Devnet, patience_s},
    ledger::Bounty,
    options::Options,
    screen::Screen,
    story, summary,
};

/// Runs the whole way. `is_kept` becomes true when only the kept network is left to be ended. Dropped, it ends everything that it started.
///
/// # Errors
/// Whatever went wrong.
pub async fn run(options: Options, is_kept: &AtomicBool) -> Result<()> {
    let mut screen = Screen::new();
    let mut devnet = Devnet::start(options, &screen).await?;
    let mut votes = JoinSet::new();
    let (voting, data) = (devnet.votes(), devnet.file.data.clone());
    votes.spawn(async move { voting.run(&data).await });
    let mut has_voted = false;
    let limit_s = devnet.network.chain().latest().await?.time_s + patience_s(&devnet.view, devnet.options.rounds());
    while !(has_voted && devnet.is_complete()) {
        tokio::select! {
            heard = devnet.step() => {
                show(&mut screen, &devnet, &heard?);
                devnet.news().into_iter().for_each(|(about, text)| screen.line(&about, &text));
            }
            Some(voted) = votes.join_next(), if !has_voted => {
                voted??;
                has_voted = true;
            }
        }
        if devnet.now_s > limit_s {
            bail!("not all rounds and votes came to an end in time; the nodes' logs are in {}", devnet.dir.display());
        }
    }
    devnet.settle_pay().await?;
    screen.line("stake", "all that the validators have earned is stake now");
    let report = summary::make(&devnet).await?;
    if let Some(path) = &devnet.options.report {
        report.write(path)?;
    }
    screen.end(&report.picture());
    if devnet.options.keep {
        is_kept.store(true, Ordering::Relaxed);
        keep(&mut devnet).await?;
    }
    Ok(())
}

impl Devnet {
    /// All asked rounds were opened, settled and collected, also what had to mature, bounties are paid, and all nodes told the root of the last set.
    pub fn is_complete(&self) -> bool {
        let rounds = &self.ledger.rounds;
        let is_over = |number: &RoundNumber| self.now_s >= self.view.times.round_end_s(self.view.genesis_s, *number);
        let all_closed = rounds.iter().all(|(number, round)| is_over(number) && round.is_closed());
        let bounties = &self.ledger.bounties;
        let all_paid = bounties.is_empty() != self.options.bounty && bounties.values().all(Bounty::is_closed);
        rounds.len() as u64 >= self.options.rounds() && all_closed && all_paid && self.roots(self.view.head).values().all(Option::is_some)
    }
}

fn show(screen: &mut Screen, devnet: &Devnet, heard: &Heard) {
    match heard {
        Heard::Block(Block { time_s, .. }) => screen.phase(&devnet.view.clock(*time_s), *time_s, devnet.view.times.length_s()),
        Heard::Event { event, .. } => {
            if let Some((about, text)) = story::describe(devnet, event) {
                screen.line(&about, &text);
            }
        }
        Heard::Log { author, body: Body::Alarm { verdict, .. } } => {
            let signer =
                verdict.signer(&devnet.network.domain()).map_or_else(|_| "nobody".to_owned(), |signer| devnet.cast.name_of(signer));
            let text = format!(
                "{} replayed the verdict of {signer} in round {}: it has run no model",
                devnet.name_of_node(*author),
                verdict.message.round
            );
            screen.line("alarm", &text);
        }
        _ => {}
    }
}

/// Says how to go on, and waits for Ctrl-C.
async fn keep(devnet: &mut Devnet) -> Result<()> {
    devnet.lift_limit()?;
    let (network, keys) = (devnet.network_file(), devnet.dir.join("keys"));
    let guest =
        format!("neuron --network {} --key {}/guest.json --password-file {}/password", network.display(), keys.display(), keys.display());
    output::line(&format!("\n  The network goes on until Ctrl-C. RPC: {}\n", devnet.rpc_url()))?;
    let predict = match devnet.member.manifest.data() {
        Data::Csv { .. } => format!("predict --line {}", ["0"].repeat(devnet.member.manifest.inputs() as usize).join(",")),
        Data::Text { .. } | Data::Tokens { .. } => "predict --prompt \"ROMEO:\"".to_owned(),
    };
    for command in ["token balance", "group show", "round show", "stake show", "delta show", "measure show", "round alarms", &predict] {
        output::line(&format!("    {guest} {command}"))?;
    }
    output::line("\n  A node of your own: set `network`, `keystore` and `password_file` in configs/trainer.toml to these paths.\n")?;
    loop {
        devnet.step().await?;
    }
}
