//! `neuron peers`: who is there, how a node here is reached, and what to do if it is not.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Result;
use clap::Args;
use node::{NodeConfig, keys};
use protocol::{
    Address, GroupId,
    bindings::Bindings,
    log::{Body, Kind},
};
use serde_json::{Value, json};
use swarm::{Client, Multiaddr, Neighbour, Neighbourhood, PeerId, Reachability, peer_of};
use tokio::time::{Instant, sleep};

use super::context::{Context, wait_for_peer};

/// Between two looks.
const POLL: Duration = Duration::from_millis(250);
/// Messages of a log that are looked through for names.
const MESSAGES_MAX: usize = 1 << 20;

#[derive(Args)]
pub struct Options {
    /// Number of the group.
    #[arg(long, default_value_t = 1)]
    group: u64,
    /// Seconds to look around; how a node here is reached is known after about half a minute.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// An address to listen on meanwhile; left out: any port. Name that of your node, while it is stopped, to have it tried.
    #[arg(long)]
    listen: Vec<String>,
}

pub async fn run(context: &Context, options: Options) -> Result<()> {
    let (site, group, folder) = (context.site().await?, GroupId(options.group), tempfile::tempdir()?);
    let settings = NodeConfig { listen: options.listen, ..NodeConfig::default() };
    let (client, _events) = site.meet(folder.path(), keys::node_key(folder.path())?, &settings).await?;
    wait_for_peer(&client).await?;
    client.subscribe(group).await?;
    let until = Instant::now() + Duration::from_secs(options.seconds);
    while Instant::now() < until {
        sleep(POLL).await;
    }
    let accounts = accounts(&client, group, Bindings::new(site.network.domain())).await?;
    let seen = client.neighbourhood().await?;
    client.shutdown().await;
    context.answer(&lines(&seen, group, &accounts), &data(&seen, group, &accounts))
}

fn data(seen: &Neighbourhood, group: GroupId, accounts: &BTreeMap<PeerId, Address>) -> Value {
    let peer = |one: &Neighbour| {
        json!({
            "peer": one.peer.to_string(), "account": accounts.get(&one.peer), "agent": one.agent, "address": one.address.to_string(),
            "relayed": one.is_relayed, "inbound": one.is_inbound, "latency_ms": one.latency.map(|time| time.as_millis() as u64),
            "connected_s": one.connected.as_secs(), "of_group": one.groups.contains(&group),
        })
    };
    let trouble = |(address, trouble): &(Multiaddr, String)| json!({ "address": format!("{address}"), "trouble": trouble });
    let (peers, troubles) = (seen.neighbours.iter().map(peer), seen.troubles.iter().map(trouble));
    json!({
        "group": group, "peers": peers.collect::<Vec<_>>(), "troubles": troubles.collect::<Vec<_>>(), "reached": seen.reachability.words(),
    })
}

/// For which account each node speaks, as the group's log says.
async fn accounts(client: &Client, group: GroupId, mut bindings: Bindings) -> Result<BTreeMap<PeerId, Address>> {
    let (mut cursor, mut read, mut accounts) = (0, 0, BTreeMap::new());
    while read < MESSAGES_MAX {
        let entries = client.log(group, cursor).await?;
        let Some(last) = entries.last() else { break };
        (cursor, read) = (last.number + 1, read + entries.len());
        for entry in entries.iter().filter(|entry| entry.envelope.kind() == Kind::Binding) {
            let author = entry.envelope.author();
            if let Ok(Body::Binding(binding)) = Body::from_bytes(Kind::Binding, entry.envelope.body()) {
                bindings.note(author, &binding);
            }
            accounts.extend(peer_of(author).zip(bindings.account(author)));
        }
    }
    Ok(accounts)
}

/// All of it for people: a line a peer, then how this node is reached.
fn lines(seen: &Neighbourhood, group: GroupId, accounts: &BTreeMap<PeerId, Address>) -> Vec<String> {
    let (members, others): (Vec<&Neighbour>, Vec<&Neighbour>) = seen.neighbours.iter().partition(|one| one.groups.contains(&group));
    let verb = if members.len() == 1 { "is" } else { "are" };
    let mut lines = vec![format!("{} of group {group} {verb} connected:", count(members.len(), "peer"))];
    lines.extend(members.into_iter().map(|one| line(one, accounts)));
    if !others.is_empty() {
        lines.push(format!("{} beside them:", count(others.len(), "peer")));
        lines.extend(others.into_iter().map(|one| line(one, accounts)));
    }
    for (address, trouble) in &seen.troubles {
        lines.push(format!("no answer from {address}: {trouble}"));
    }
    lines.push(format!("a node here is reached {}", seen.reachability.words()));
    if let Reachability::Open(at) | Reachability::Inside(at) | Reachability::Relayed(at) = &seen.reachability {
        lines.extend(at.iter().map(|address| format!("  {address}")));
    }
    lines
}

fn count(number: usize, of: &str) -> String {
    if number == 1 { format!("1 {of}") } else { format!("{number} {of}s") }
}

/// One peer: its name, for whom it speaks, what it says that it runs, where it is, how far, and since when.
fn line(one: &Neighbour, accounts: &BTreeMap<PeerId, Address>) -> String {
    let account = accounts.get(&one.peer).map_or_else(|| "for no account".into(), |account| format!("for {account}"));
    let agent = match one.agent.as_str() {
        "" => "says nothing of itself".to_owned(),
        agent => agent.escape_default().to_string(),
    };
    let way = match (one.is_relayed, one.is_inbound) {
        (true, _) => "through a relay",
        (false, true) => "came in",
        (false, false) => "direct",
    };
    let latency = one.latency.map_or_else(|| "not measured".into(), |time| format!("{} ms", time.as_millis()));
    format!("  {}  {account}  {agent}  {way} {}  {latency}  since {} s", one.peer, one.address, one.connected.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neighbour(agent: &str, is_relayed: bool, groups: &[u64]) -> Neighbour {
        Neighbour {
            peer: "12D3KooWJBzvFnsewbwWukhVdDace6zqYGLp6D3Db8kWSv2Cs35S".parse().expect("a peer"),
            agent: agent.into(),
            address: "/ip4/8.8.8.8/tcp/4400".parse().expect("an address"),
            is_relayed,
            is_inbound: false,
            latency: Some(Duration::from_millis(42)),
            connected: Duration::from_secs(7),
            groups: groups.iter().copied().map(GroupId).collect(),
        }
    }

    #[test]
    fn who_is_there_is_told_and_what_strangers_say_reaches_no_terminal_unescaped() {
        let neighbours = vec![neighbour("evil\u{1b}[2J", false, &[1]), neighbour("", true, &[])];
        let troubles = vec![("/dns4/gone.example/tcp/1".parse().expect("an address"), "the name does not resolve".to_owned())];
        let seen = Neighbourhood { neighbours, reachability: Reachability::Closed, addresses: Vec::new(), troubles };
        let peer = seen.neighbours[0].peer;
        let told = lines(&seen, GroupId(1), &BTreeMap::from([(peer, Address([7; 20]))])).join("\n");
        for wanted in [
            "1 peer of group 1 is connected",
            "1 peer beside",
            "for 0x0707",
            "through a relay",
            "42 ms",
            "gone.example",
            "Forward the port",
        ] {
            assert!(told.contains(wanted), "{wanted} in {told}");
        }
        assert!(!told.contains('\u{1b}'));
    }
}
