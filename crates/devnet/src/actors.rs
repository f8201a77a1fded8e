//! Who takes part: accounts derived from the seed, their money, and their keys on disk.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use chain::{
    Account, Connection,
    keystore::{self, Cost},
};
use futures::future::try_join_all;
use governance::Network;
use protocol::{Address, Wei, keccak256};

use crate::options::Options;

/// Password of every key of a devnet; its keys own nothing anywhere else.
pub const PASSWORD: &str = "devnet";
/// Coin that every account gets for gas and for the sale, whole.
const COIN: u64 = 10;

/// One account and what it is for.
#[derive(Clone)]
pub struct Actor {
    pub name: String,
    pub account: Account,
    /// NRN that it buys, whole.
    pub buys: u64,
}

impl Actor {
    fn new(seed: u64, name: String, buys: u64) -> Result<Self> {
        let secret = keccak256(format!("neuron devnet {seed} {name}").as_bytes());
        Ok(Self { account: Account::from_bytes(&secret)?, name, buys })
    }

    pub fn address(&self) -> Address {
        self.account.address()
    }
}

/// Everybody on this chain.
#[derive(Clone)]
pub struct Cast {
    pub founder: Actor,
    pub trainers: Vec<Actor>,
    /// Cold owners of the stake, in the order of the signers.
    pub owners: Vec<Actor>,
    /// Hot keys of the validators.
    pub signers: Vec<Actor>,
    pub authors: Vec<Actor>,
    /// Trainers that lie.
    pub liars: Vec<Actor>,
    /// Cold owners of the validators that cheat, in their order.
    pub cheat_owners: Vec<Actor>,
    /// Hot keys of validators that cheat.
    pub cheats: Vec<Actor>,
    /// Author of the poisoned delta, if there is one.
    pub poisoner: Option<Actor>,
    /// Who pays for what is better on hidden examples, if there is one.
    pub sponsor: Option<Actor>,
    /// For whoever tries the network by hand.
    pub guest: Actor,
}

impl Cast {
    /// The same seed gives the same accounts.
    pub fn new(options: &Options) -> Result<Self> {
        let actor = |name: String, buys| Actor::new(options.seed, name, buys);
        let several =
            |role: &str, count: usize, buys| (1..=count).map(|number| actor(format!("{role}-{number}"), buys)).collect::<Result<Vec<_>>>();
        Ok(Self {
            founder: actor("founder".into(), 1_000)?,
            trainers: several("trainer", options.trainers, 10_000)?,
            owners: several("owner", options.validators, 200_000)?,
            signers: several("validator", options.validators, 0)?,
            authors: several("author", 2, 10_000)?,
            liars: several("liar", options.liars, 10_000)?,
            cheat_owners: several("cheat-owner", options.liars, 200_000)?,
            cheats: several("cheat", options.liars, 0)?,
            poisoner: if options.poison { Some(actor("poisoner".into(), 10_000)?) } else { None },
            sponsor: if options.bounty { Some(actor("sponsor".into(), 10_000)?) } else { None },
            guest: actor("guest".into(), 50_000)?,
        })
    }

    /// All of them.
    pub fn everybody(&self) -> impl Iterator<Item = &Actor> {
        let some = self.trainers.iter().chain(&self.owners).chain(&self.signers).chain(&self.authors).chain(&self.sponsor);
        let bad = self.liars.iter().chain(&self.cheat_owners).chain(&self.cheats).chain(&self.poisoner);
        [&self.founder, &self.guest].into_iter().chain(some).chain(bad)
    }

    /// Owners of stake with the signers of their positions.
    pub fn stakes(&self) -> impl Iterator<Item = (&Actor, &Actor)> {
        self.owners.iter().chain(&self.cheat_owners).zip(self.signers.iter().chain(&self.cheats))
    }

    /// Name of an account, or its address.
    pub fn name_of(&self, address: Address) -> String {
        self.everybody().find(|actor| actor.address() == address).map_or_else(|| address.to_string(), |actor| actor.name.clone())
    }

    /// Gives everybody coin from an account that has it.
    pub async fn fund(&self, rich: &Connection) -> Result<()> {
        let payer = rich.own_address()?;
        let (has, needs) = (rich.coin(payer).await?, Wei::nrn(COIN * self.everybody().count() as u64));
        anyhow::ensure!(has > needs, "{payer} owns {} of the chain's coin, more than {} are needed", has.to_nrn(), needs.to_nrn());
        let gifts = self.everybody().map(|actor| async {
            rich.pay(actor.address(), Wei::nrn(COIN)).await.with_context(|| format!("cannot give {} coin for gas", actor.name))
        });
        try_join_all(gifts).await.map(drop)
    }

    /// Writes all keys, encrypted, and the password beside them.
    pub fn write_keys(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("password"), PASSWORD)?;
        for actor in self.everybody() {
            let path = key_file(folder, &actor.name);
            if !path.exists() {
                keystore::create(&path, &actor.account, PASSWORD, Cost::Trifling)?;
            }
        }
        Ok(())
    }
}

/// Where an actor's key lies.
pub fn key_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.json"))
}

/// The network through the hands of each actor; one sender per account.
#[derive(Clone)]
pub struct Hands(BTreeMap<Address, Network>);

impl Hands {
    pub fn new(network: &Network, cast: &Cast) -> Self {
        let hand = |actor: &Actor| (actor.address(), network.through(&network.chain().with_account(actor.account.clone())));
        Self(cast.everybody().map(hand).collect())
    }

    /// The network as `actor`.
    pub fn of(&self, actor: &Actor) -> Result<&Network> {
        self.0.get(&actor.address()).with_context(|| format!("{} takes no part", actor.name))
    }
}
