//! What a warden asks for: transactions about presence and honesty, replayed probes, alarms.

use chain::{ChainError, Errand, Urgency};
use governance::Network;
use node::{Scene, logging};
use protocol::{
    chain::GroupView,
    log::Body,
    warden::{Duty, Effect, Input},
};

use crate::work::{Bench, Replays};

/// Everything that one effect needs.
pub struct Duties {
    pub network: Network,
    pub bench: Bench,
    pub view: GroupView,
}

/// The network for what an effect sends: presence is shown in its phase, pay is made stake on any day.
pub fn network_for(network: &Network, effect: &Effect, scene: Scene<'_>) -> Network {
    let group = scene.view.id;
    let errand = match effect {
        Effect::Attend { round, .. } => Errand {
            urgency: Urgency::Phase,
            until_s: scene.now.map(|now| scene.view.clock(now.time_s).phase_end_s),
            about: format!("group {group}, round {round}"),
            ..Errand::default()
        },
        Effect::Compound { position } => {
            Errand { urgency: Urgency::Leisure, about: format!("group {group}, position {position}"), ..Errand::default() }
        }
        _ => Errand { about: format!("group {group}"), ..Errand::default() },
    };
    network.through(&network.chain().on(errand))
}

impl Duties {
    /// Does it; the answer for the machine, if it waits for one.
    pub async fn act(self, effect: Effect) -> Option<Input> {
        let (network, group) = (&self.network, self.view.id);
        Some(match effect {
            Effect::Attend { round, verdicts } => {
                let sent = network.attend(group, round, &verdicts).await;
                answer(Duty::Attend(round), "presence recorded", sent.map(drop))
            }
            Effect::Doze { position } => {
                answer(Duty::Doze(position), "an absent position was put to sleep", network.doze(group, position).await.map(drop))
            }
            Effect::SlashDouble { position, round, one, other } => {
                let sent = network.slash_double(position, &one, &other).await;
                answer(Duty::Slash(position, round), "a position that signed twice was slashed", sent.map(drop))
            }
            Effect::Compound { position } => {
                let sent = network.stake().compound(group, position).await;
                answer(Duty::Compound(position), "pay was made stake", sent.map(drop))
            }
            Effect::ReadAbsent => Input::Absent(network.absent(&self.view).await.map_err(|error| error.to_string())),
            Effect::Replay { round, checkpoint, head, seed, verdicts } => {
                let count = verdicts.len();
                let wrong = match self.bench.replay(Replays { round, checkpoint, head, seed, verdicts }).await {
                    Ok(wrong) => wrong,
                    Err(error) => {
                        tracing::warn!(round = round.0, "verdicts of others cannot be replayed: {}", logging::told(&error));
                        return Some(Input::NotReplayed { round, reason: logging::told(&error) });
                    }
                };
                tracing::debug!(round = round.0, verdicts = count, wrong = wrong.len(), "probes replayed");
                Input::Replayed { round, wrong }
            }
            Effect::Alarm { verdict, reason } => {
                tracing::warn!(round = verdict.message.round.0, reason, "alarm: a verdict was signed without running the model");
                let member = &self.bench.member;
                if let Err(error) = member.client.append(member.group, Body::Alarm { verdict, reason }).await {
                    tracing::warn!("the alarm cannot be told: {error}");
                }
                return None;
            }
        })
    }
}

fn answer(duty: Duty, done: &str, sent: Result<(), ChainError>) -> Input {
    match &sent {
        Ok(()) => tracing::info!(?duty, "{done}"),
        Err(error) => tracing::warn!(?duty, "{error}"),
    }
    Input::Sent { duty, result: sent.map_err(|error| error.to_string()) }
}
