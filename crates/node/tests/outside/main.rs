//! The gateway of a node, and what a node gets from gateways and from an IPFS node beside it: ours, scripted ones, Kubo, Helia.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

mod fetching;
mod gateway;
mod others;
#[path = "../../../swarm/tests/others/peers.rs"]
mod peers;
#[path = "../../../swarm/tests/others/programs.rs"]
mod programs;
mod scripted;
#[path = "../../../swarm/tests/others/support.rs"]
mod support;

use node::http::Room;
use swarm::Client;

/// The gateway of a node on a free port of the loopback interface.
async fn gateway_of(client: &Client) -> (Room, String) {
    let room = Room::open("127.0.0.1:0".parse().unwrap(), &[], node::http::gateway::routes(client.clone())).await.unwrap();
    let address = format!("http://{}", room.address());
    (room, address)
}
