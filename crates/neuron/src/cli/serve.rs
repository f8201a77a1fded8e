//! `neuron serve`: a seed, a relay and an archive for groups, without stake or race.

use std::{collections::BTreeSet, net::SocketAddr, path::PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use node::{
    Archive, Groups, NodeConfig, config,
    http::{self, HttpConfig},
    logging::{self, LogConfig},
    traces::TraceConfig,
};

use super::context::Context;

/// Where it listens unless it is told.
const LISTEN: [&str; 4] = ["/ip4/0.0.0.0/tcp/4400", "/ip4/0.0.0.0/udp/4400/quic-v1", "/ip6/::/tcp/4400", "/ip6/::/udp/4400/quic-v1"];

#[derive(Args)]
pub struct Options {
    /// Numbers of groups, like 1 or 1,4; can be given several times.
    #[arg(long, required = true)]
    group: Vec<Groups>,
    /// Folder of the node's key, blocks and logs; made if missing.
    #[arg(long)]
    data: Option<PathBuf>,
    /// An address to listen on, like /ip4/0.0.0.0/tcp/4400; can be given several times. Left out: port 4400, TCP and QUIC.
    #[arg(long)]
    listen: Vec<String>,
    /// An address or a name under which others reach this node; can be given several times.
    #[arg(long)]
    external: Vec<String>,
    /// Where to open an HTTP room with a gateway to the files, like 127.0.0.1:9464; left out: nowhere.
    #[arg(long)]
    http: Option<SocketAddr>,
    /// A file whose parts [node], [http], [log] and [trace] say more, as that of a trainer; what is given here goes before it.
    #[arg(long)]
    config: Option<PathBuf>,
}

impl Options {
    fn log(&self) -> Result<LogConfig> {
        self.config.as_deref().map_or(Ok(LogConfig::default()), config::log_of)
    }

    fn trace(&self) -> Result<TraceConfig> {
        self.config.as_deref().map_or(Ok(TraceConfig::default()), config::trace_of)
    }

    /// The settings of the node, and which groups it serves.
    fn settings(self) -> Result<(NodeConfig, HttpConfig, BTreeSet<protocol::GroupId>)> {
        let defaults = NodeConfig { listen: LISTEN.map(str::to_owned).to_vec(), data: "served".into(), ..NodeConfig::default() };
        let mut node = self.config.as_deref().map_or(Ok(defaults), config::node_of)?;
        let mut http = self.config.as_deref().map_or(Ok(HttpConfig::default()), config::http_of)?;
        http.listen = self.http.or(http.listen);
        node.relay = true;
        node.data = self.data.unwrap_or(node.data);
        for (given, known) in [(self.listen, &mut node.listen), (self.external, &mut node.external)] {
            if !given.is_empty() {
                *known = given;
            }
        }
        let mut groups = BTreeSet::new();
        for some in self.group {
            match some {
                Groups::These(numbers) => groups.extend(numbers),
                Groups::Staked => bail!("a node that serves has no stake: name the groups by their numbers"),
            }
        }
        Ok((node, http, groups))
    }
}

pub async fn run(context: &Context, options: Options) -> Result<()> {
    logging::start_as(&options.log()?, &options.trace()?)?;
    let (node, http, groups) = options.settings()?;
    let archive = Archive::open(&context.network, &node, groups.clone()).await?;
    let numbers: Vec<String> = groups.iter().map(ToString::to_string).collect();
    context.tell(&format!(
        "serves group {} from {} until Ctrl-C; others find it with one of these in `peers`:",
        numbers.join(", "),
        node.data.display()
    ))?;
    archive.client.listen_addresses().await?.iter().try_for_each(|address| context.tell(&format!("  {address}")))?;
    let room = http::open(&http, http::served(&archive.client, &archive.vitals)).await?;
    archive.serve().await?;
    http::close(room).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_relays_and_listens_for_all_unless_it_is_told_otherwise() {
        let these = |text: &str| text.parse::<Groups>().expect(text);
        let options = |group: Vec<Groups>, listen: &[&str]| Options {
            group,
            data: None,
            listen: listen.iter().map(ToString::to_string).collect(),
            external: vec!["/dns4/node.example/tcp/4400".into()],
            config: None,
            http: None,
        };
        let (node, http, groups) = options(vec![these("1,4"), these("2")], &[]).settings().expect("settings");
        assert_eq!(http, HttpConfig::default());
        assert_eq!((node.relay, node.listen.len(), node.external.len(), groups.len()), (true, LISTEN.len(), 1, 3));
        let (node, ..) = options(vec![these("1")], &["/ip4/127.0.0.1/tcp/0"]).settings().expect("settings");
        assert_eq!(node.listen, ["/ip4/127.0.0.1/tcp/0"]);
        let error = options(vec![Groups::Staked], &[]).settings().expect_err("no stake").to_string();
        assert!(error.contains("by their numbers"), "{error}");
    }
}
