//! `neuron serve-model`: a group's model behind the paths that programs for language models ask, on this machine, for nothing.

mod asked;
mod chat;
mod desk;
mod told;

use std::{future::pending, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use clap::Args;
use evaluator::Checkpoint;
use governance::Network;
use node::{http::Room, output, stop};
use protocol::{Digest, GroupId};
use tokio::time::sleep;

use super::{
    context::{Context, Visit},
    voice,
};
use desk::Desk;

/// Between two looks at whether a round was won since.
const LOOK: Duration = Duration::from_secs(15);

#[derive(Args)]
pub struct Options {
    /// Number of the group.
    #[arg(long, default_value_t = 1)]
    group: u64,
    /// Where to answer. Whoever reaches it may ask.
    #[arg(long, default_value = "127.0.0.1:8484")]
    listen: SocketAddr,
    /// A name beside `localhost` and addresses in digits under which others reach it; can be given several times.
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// Stay with the checkpoint of now, instead of taking each that wins.
    #[arg(long)]
    stay: bool,
}

pub async fn run(context: &Context, options: Options) -> Result<()> {
    let group = GroupId(options.group);
    if context.offline {
        let desk = Desk::new(group, voice::newest(context, group).await?.text(group)?);
        return answer(context, &options, desk, pending()).await;
    }
    let site = context.site().await?;
    let visit = context.visit(&site, group).await?;
    let first = site.network.view(group).await?.checkpoint;
    let desk = Desk::new(group, voice::of(&visit.member, first).await?.text(group)?);
    let served = match options.stay {
        true => answer(context, &options, desk, pending()).await,
        false => answer(context, &options, desk.clone(), follow(&site.network, &visit, desk, first)).await,
    };
    visit.client.shutdown().await;
    served
}

/// Answers until Ctrl-C, and does something else meanwhile.
async fn answer(context: &Context, options: &Options, desk: Arc<Desk>, meanwhile: impl Future<Output = ()>) -> Result<()> {
    let room = Room::open(options.listen, &options.host, desk::routes(desk.clone())).await?;
    context.tell(&format!("{} answers at http://{}/v1 until Ctrl-C", desk.name(), room.address()))?;
    tokio::select! { asked = stop::asked() => asked?, () = meanwhile => {} }
    room.close().await;
    Ok(())
}

/// Takes each checkpoint that wins. What goes wrong is said, and tried again: the one before answers meanwhile.
async fn follow(network: &Network, visit: &Visit, desk: Arc<Desk>, mut have: Digest) {
    loop {
        sleep(LOOK).await;
        match newer(network, visit, have).await {
            Ok(Some((file, checkpoint))) => {
                have = file;
                desk.take(checkpoint);
                output::remark(&format!("checkpoint {file} answers from now on"));
            }
            Ok(None) => {}
            Err(error) => output::remark(&format!("the newest checkpoint cannot be had now: {error:#}")),
        }
    }
}

async fn newer(network: &Network, visit: &Visit, have: Digest) -> Result<Option<(Digest, Arc<Checkpoint>)>> {
    let file = network.view(visit.member.group).await.context("the chain does not answer")?.checkpoint;
    if file == have { Ok(None) } else { Ok(Some((file, visit.member.checkpoint(file).await?))) }
}
