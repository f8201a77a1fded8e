//! `neuron dashboard`: the page in the browser, from this program.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use node::{
    config::{self, NetworkFile},
    http::{
        Room,
        page::{self, ShownNetwork},
    },
    stop,
};
use protocol::Address;

use super::context::Context;

#[derive(Args)]
pub struct Options {
    /// Where to serve the page.
    #[arg(long, default_value = "127.0.0.1:8480")]
    listen: SocketAddr,
    /// A name beside `localhost` and addresses in digits under which others reach it; can be given several times.
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// The JSON-RPC endpoint that browsers ask, if not the first one of the network file. Whoever reaches the page reads it.
    #[arg(long, value_name = "URL")]
    browser_rpc: Option<String>,
    /// An IPFS gateway that browsers ask for patches, such as the HTTP room of a node: http://127.0.0.1:9464.
    #[arg(long, value_name = "URL")]
    gateway: Option<String>,
}

pub async fn run(context: &Context, options: Options) -> Result<()> {
    let file: NetworkFile = config::read(&context.network)?;
    let network = shown(file, &options).with_context(|| format!("{} cannot be shown", context.network.display()))?;
    let room = Room::open(options.listen, &options.host, page::routes(&[network])?).await?;
    context.tell(&format!("the page is at http://{} until Ctrl-C", room.address()))?;
    stop::asked().await?;
    room.close().await;
    Ok(())
}

/// The network of the file as browsers see it.
fn shown(file: NetworkFile, options: &Options) -> Result<ShownNetwork> {
    ensure!(!file.contract.is_empty(), "it names no contract yet: run `neuron deploy`, or write its address there");
    let network: Address = file.contract.parse().context("`contract` is no address")?;
    let first = file.rpc.all().first().context("it names no endpoint: write one as `rpc`")?;
    let needs_headers = !first.headers.is_empty() && options.browser_rpc.is_none();
    ensure!(!needs_headers, "its endpoint wants headers, which a browser does not send for it: name one that does not with --browser-rpc");
    Ok(ShownNetwork {
        name: file.name,
        rpc: options.browser_rpc.clone().unwrap_or_else(|| first.url.clone()),
        chain_id: file.chain_id,
        network: network.to_string(),
        since: file.deployed_block,
        gateway: options.gateway.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(browser_rpc: Option<&str>) -> Options {
        let (browser_rpc, gateway) = (browser_rpc.map(str::to_owned), Some("http://127.0.0.1:9464".to_owned()));
        Options { listen: SocketAddr::from(([127, 0, 0, 1], 0)), host: Vec::new(), browser_rpc, gateway }
    }

    fn file(more: &str) -> NetworkFile {
        toml::from_str(&format!("name = \"here\"\nchain_id = 5\ndeployed_block = 9\n{more}")).expect("a network file")
    }

    const CONTRACT: &str = "contract = \"0x28847A39102E846F35e8840ce230D959528060A6\"\n";

    #[test]
    fn the_page_begins_with_the_network_of_the_file() {
        let plain = format!("rpc = \"http://127.0.0.1:8545\"\n{CONTRACT}");
        let network = shown(file(&plain), &options(None)).expect("shown");
        assert_eq!((network.name.as_str(), network.chain_id, network.since), ("here", 5, 9));
        assert_eq!(network.rpc, "http://127.0.0.1:8545");
        assert_eq!(network.network, "0x28847A39102E846F35e8840ce230D959528060A6");
        let other = shown(file(&plain), &options(Some("https://public.example"))).expect("shown");
        assert_eq!(other.rpc, "https://public.example");
    }

    #[test]
    fn what_cannot_be_shown_is_said_with_what_to_do() {
        let keyed = format!("{CONTRACT}[rpc]\nurl = \"https://a.example\"\nheaders = {{ authorization = \"secret\" }}\n");
        for (text, wanted) in [("", "neuron deploy"), ("contract = \"0x12\"\n", "no address"), (keyed.as_str(), "--browser-rpc")] {
            let error = format!("{:#}", shown(file(text), &options(None)).expect_err(text));
            assert!(error.contains(wanted), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(shown(file(&keyed), &options(Some("https://public.example"))).is_ok());
    }
}
