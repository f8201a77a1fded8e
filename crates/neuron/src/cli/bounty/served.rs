//! An opened set is served until enough stake holds it.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Result, ensure};
use node::{Site, bindings::Bindings, network_file::moment, output};
use protocol::{Address, Digest, NodeId, Wei, chain::GroupView, log::Body, rules::is_available};
use tokio::time::sleep;

use super::told::Dated;
use crate::cli::context::Visit;

/// Between two looks at who holds it.
const LOOK: Duration = Duration::from_secs(1);

/// Nodes that say in the group's log that they hold a file.
struct Holders {
    file: Digest,
    nodes: BTreeSet<NodeId>,
    bindings: Bindings,
    /// What of the log was read.
    cursor: u64,
}

impl Holders {
    async fn read(&mut self, visit: &Visit) -> Result<()> {
        for entry in visit.client.log(visit.member.group, self.cursor).await? {
            self.cursor = entry.number + 1;
            let author = entry.envelope.author();
            match Body::from_bytes(entry.envelope.kind(), entry.envelope.body()) {
                Ok(Body::Binding(binding)) => self.bindings.note(author, &binding),
                Ok(Body::Have { file, .. }) if file == self.file && author != visit.client.node_id() => drop(self.nodes.insert(author)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Awake stake whose signers they speak for.
    fn stake(&self, view: &GroupView) -> Wei {
        let accounts: BTreeSet<Address> = self.nodes.iter().filter_map(|node| self.bindings.account(*node)).collect();
        let held = view.positions.iter().filter(|position| position.awake && accounts.contains(&position.signer));
        held.map(|position| position.live).sum()
    }
}

/// Offers an opened set until more than a third of awake stake holds it, as the rule asks, or it is too late for that. Where no
/// stake is awake, until anybody holds it.
pub async fn serve(site: &Site, visit: &Visit, dated: &Dated, file: Digest) -> Result<()> {
    output::line("it is served from here until more than a third of awake stake holds it; to go on after a stop, open it again")?;
    let mut holders = Holders { file, nodes: BTreeSet::new(), bindings: Bindings::new(site.network.domain()), cursor: 0 };
    loop {
        holders.read(visit).await?;
        let view = site.network.view(visit.member.group).await?;
        let (held, awake) = (holders.stake(&view), view.awake());
        if is_available(held, awake) || awake.is_zero() && !holders.nodes.is_empty() {
            output::line(&format!("others hold it, with {} of {} NRN awake: you may go offline", held.to_nrn(), awake.to_nrn()))?;
            return Ok(());
        }
        ensure!(
            site.network.chain().latest().await?.time_s < dated.held_until_s(),
            "only {} of {} NRN awake said that they hold it before {}: `neuron bounty show {}` tells what was decided",
            held.to_nrn(),
            awake.to_nrn(),
            moment(dated.held_until_s()),
            dated.number
        );
        sleep(LOOK).await;
    }
}
