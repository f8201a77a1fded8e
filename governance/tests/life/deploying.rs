//! Deployment on a real chain: taken up after every interruption, checked to the byte.

use std::thread;

use chain::Connection;
use chain::dev::Anvil;
use governance::{Addresses, GovernanceError, Step, Terms, audit, deploy};
use protocol::ids::Address;
use protocol::money::Wei;

use crate::support::{FOUNDER, account, anvil, connect, terms};

const NAMES: [&str; 8] = ["Neuron", "Emission", "Sale", "Purse", "Registry", "Council", "Bounties", "Network"];

async fn founder(anvil: &Anvil) -> (Connection, Terms) {
    let chain = connect(anvil).await;
    let deadline_s = chain.latest().await.expect("a block").time_s + 1_000;
    (chain.with_account(account(FOUNDER)), terms(deadline_s))
}

/// Deploys in a program of its own, as it were, that dies when `count` contracts stand.
async fn interrupted(anvil: &Anvil, terms: &Terms, count: usize) {
    let (settings, terms) = (anvil.settings(), *terms);
    let died = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let chain = Connection::connect(settings).await.expect("the chain answers").with_account(account(FOUNDER));
            let (told, stopped) = tokio::sync::oneshot::channel::<()>();
            let (mut told, mut standing) = (Some(told), 0);
            let deployment = deploy(&chain, &terms, |_| {
                standing += 1;
                told = told.take().filter(|_| standing < count);
            });
            tokio::select! {
                _ = stopped => {}
                ended = deployment => panic!("it was not interrupted: {ended:?}"),
            }
        });
    });
    tokio::task::spawn_blocking(|| died.join()).await.expect("no panic").expect("no panic");
}

#[tokio::test]
async fn a_deployment_is_taken_up_wherever_it_was_interrupted() {
    for count in 1..=7 {
        let anvil = anvil().await;
        let (chain, terms) = founder(&anvil).await;
        let deployer = chain.own_address().expect("an account");
        let foretold = Addresses::foretell(deployer, 0);
        interrupted(&anvil, &terms, count).await;
        let mut steps = Vec::new();
        let addresses = deploy(&chain, &terms, |step| steps.push(step)).await.expect("it goes on");
        assert_eq!(addresses, foretold, "interrupted after {count}");
        let stood: Vec<bool> = steps.iter().map(|step: &Step| step.stood).collect();
        // What was under way may have been mined all the same.
        assert!(stood.iter().filter(|stood| **stood).count() >= count, "{stood:?}");
        assert!(stood.is_sorted_by(|earlier, later| earlier >= later), "{stood:?}");
        assert_eq!(steps.iter().map(|step| step.contract).collect::<Vec<_>>(), NAMES);
        assert_eq!(steps.iter().map(|step| step.address).collect::<Vec<_>>(), addresses.in_order());
        assert_eq!(chain.next_nonce(deployer).await.expect("a count"), 8, "nothing was deployed twice");
    }
}

#[tokio::test]
async fn a_finished_deployment_is_found_again_and_other_terms_make_another_network() {
    let anvil = anvil().await;
    let (chain, terms) = founder(&anvil).await;
    let first = deploy(&chain, &terms, |_| {}).await.expect("eight contracts");
    let mut stood = 0;
    let again = deploy(&chain, &terms, |step| stood += u32::from(step.stood)).await.expect("the same");
    assert_eq!((again, stood), (first, 8));
    let other = Terms { tip: Wei(7), ..terms };
    let second = deploy(&chain, &other, |step| assert!(!step.stood, "{step:?}")).await.expect("eight more");
    assert_ne!(first.network, second.network);
    assert_eq!(audit(&chain, first.network).await.expect("in order"), (first, terms));
    assert_eq!(audit(&chain, second.network).await.expect("in order"), (second, other));
}

#[tokio::test]
async fn a_deployment_that_something_came_into_begins_anew() {
    let anvil = anvil().await;
    let (chain, terms) = founder(&anvil).await;
    interrupted(&anvil, &terms, 2).await;
    chain.pay(Address([1; 20]), Wei(1)).await.expect("paid");
    let nonce = chain.next_nonce(chain.own_address().expect("an account")).await.expect("a count");
    let addresses = deploy(&chain, &terms, |step| assert!(!step.stood, "{step:?}")).await.expect("eight contracts");
    assert_eq!(addresses, Addresses::foretell(chain.own_address().expect("an account"), nonce));
}

#[tokio::test]
async fn code_that_was_tampered_with_is_found() {
    let anvil = anvil().await;
    let (chain, terms) = founder(&anvil).await;
    let addresses = deploy(&chain, &terms, |_| {}).await.expect("eight contracts");
    for module in [addresses.registry, addresses.council, addresses.bounties, addresses.network] {
        let code = chain.code(module).await.expect("code");
        for (at, changed) in [(code.len() - 1, 0xfe), (code.len() / 2, code[code.len() / 2] ^ 1)] {
            let mut bytes = code.to_vec();
            bytes[at] = changed;
            set_code(&anvil, module, &bytes).await;
            let refused = audit(&chain, addresses.network).await;
            assert!(matches!(&refused, Err(GovernanceError::NotNetwork { .. })), "byte {at} of {module}: {refused:?}");
        }
        set_code(&anvil, module, &code).await;
        audit(&chain, addresses.network).await.expect("in order again");
    }
}

pub async fn set_code(anvil: &Anvil, at: Address, code: &[u8]) {
    let hex: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    let parameters = serde_json::json!([at.to_string(), format!("0x{hex}")]);
    anvil.request("anvil_setCode", parameters).await.expect("set");
}
