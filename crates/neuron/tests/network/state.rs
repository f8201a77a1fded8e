//! What `/status` can say, all of it, held to the table of docs/json.md.

use anyhow::Result;
use node::vitals::state::{Best, Chain, Claim, Endpoint, Group, Last, Machine, Peers, Point, State, Store, Trouble, VERSION};
use protocol::{
    Address, Digest, GroupId, Micronats, RoundNumber, Wei,
    chain::{Outcome, Phase},
};

use crate::schema;

const SOMEBODY: Address = Address([7; 20]);
const ROUND: RoundNumber = RoundNumber(5);
const LOSS: Micronats = Micronats(1_200_000);

/// A node of which everything is known. No field is left to a default, so that a new one has to stand here.
fn state() -> State {
    State {
        version: VERSION,
        program: "validator-node".into(),
        build: "0.1.0".into(),
        peer: "12D3Koo".into(),
        account: Some(SOMEBODY),
        started_s: 1,
        now_s: 2,
        groups: vec![group()],
        chain: Chain {
            id: 1,
            block: Some(9),
            confirmations: 1,
            endpoints: vec![Endpoint { address: "http://a".into(), state: "up".into(), is_up: true }],
            coin: Some(Wei::nrn(1)),
            coin_rounds: Some(20),
            transactions_waiting: Some(0),
        },
        peers: Peers { connected: Some(1), sent_bytes: 2, received_bytes: 3 },
        store: Store { blocks: Some(1), held_bytes: Some(2), limit_bytes: Some(3), wanted_blocks: 4, full: Some("no room".into()) },
        machine: Machine { disk_free_bytes: Some(1), disk_bytes: Some(2), resident_bytes: Some(3) },
        degraded: vec![Trouble { reason: "store full".into(), detail: "no room".into() }],
        not_ready: vec!["no peer".into()],
    }
}

fn group() -> Group {
    Group {
        group: GroupId(1),
        is_live: true,
        is_paid: Some(true),
        round: Some(ROUND),
        phase: Some(Phase::Train),
        left_s: Some(3),
        phase_s: Some(30),
        checkpoint: Some(Digest([1; 32])),
        head: Some(Digest([2; 32])),
        block: Some(9),
        lag_blocks: Some(0),
        lag_s: Some(1),
        quiet_s: Some(1),
        commits: Some(2),
        claims: Some(1),
        best: Some(Best { trainer: SOMEBODY, base: LOSS, loss: LOSS }),
        leaders: vec![Claim { trainer: SOMEBODY, loss: LOSS, verdicts: 1 }],
        own_loss: Some(LOSS),
        last: Some(Last { round: ROUND, outcome: Outcome::Won, winner: Some(SOMEBODY), loss: Some(LOSS) }),
        curve: vec![Point { round: ROUND, loss: LOSS }],
        verdicts_seen: 1,
        verdicts_sent: 1,
        verdicts_missed: 0,
        rounds_won: Some(1),
        pay: Some(Wei::nrn(1)),
        stake: Some(Wei::nrn(2)),
        is_awake: Some(true),
        heard_waiting: Some(0),
        answers_waiting: Some(0),
    }
}

#[test]
fn the_page_lists_every_field_of_a_nodes_state_known_or_not() -> Result<()> {
    let bare = State { groups: vec![Group::default()], ..State::default() };
    for state in [state(), bare] {
        schema::check("/status", &serde_json::to_string(&state)?)?;
    }
    Ok(())
}
