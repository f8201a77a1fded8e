//! A running devnet: how it is set up, what it hears, and what is asked of it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use futures::future::try_join_all;
use governance::Network;
use node::{Heard, Hub, Intake, Member, Scope, Site, Source, birth, config::GroupFile};
use protocol::{Address, Digest, GroupId, NodeId, Wei, chain::GroupView, log::Body};
use tokio::sync::mpsc;

use crate::{
    actors::{Cast, Hands},
    bounty::{self, Sponsor},
    ground::Ground,
    ledger::Ledger,
    liars::Liars,
    news::{News, Seen, Teller},
    nodes,
    options::Options,
    processes::Process,
    screen::{self, Screen},
    setup::{self, NETWORK},
    votes::Votes,
    watch::Watch,
};

/// A running devnet. Dropping it ends every process that it started.
pub struct Devnet {
    pub options: Options,
    pub file: GroupFile,
    pub dir: PathBuf,
    pub cast: Cast,
    pub hands: Hands,
    pub site: Site,
    pub network: Network,
    pub member: Member,
    pub group: GroupId,
    pub genesis_supply: Wei,
    pub ledger: Ledger,
    pub view: GroupView,
    pub now_s: u64,
    /// Number of the last block that was heard of.
    pub block: u64,
    pub trainers: Vec<Process>,
    pub validators: Vec<Process>,
    /// Account for which a node speaks, and the roots that it told, by head.
    nodes: BTreeMap<NodeId, (Option<Address>, BTreeMap<Digest, Digest>)>,
    heard: mpsc::Receiver<Result<Heard>>,
    liars: Liars,
    sponsor: Option<Sponsor>,
    watch: Watch,
    lines: mpsc::Receiver<News>,
    /// Last, so that the chain outlives its users.
    ground: Ground,
}

impl Devnet {
    /// Everything up to an admitted group with running nodes.
    ///
    /// # Errors
    /// Whatever is missing on this machine or goes wrong on the way.
    pub async fn start(options: Options, screen: &Screen) -> Result<Self> {
        options.check()?;
        let mut file = setup::group_file(&options.group)?;
        let dir = folder(&options)?;
        let hidden = if options.bounty { Some(bounty::hide(&mut file, &dir)?) } else { None };
        let ground = Ground::start(&options).await?;
        screen.line("chain", &ground.name());
        let cast = cast(&options, &dir, &ground).await?;
        let (network, hands) = contracts(&options, &file, &cast, &ground, screen).await?;
        let genesis_supply = setup::sale(&cast, &hands, &ground).await?;
        screen.line("sale", &format!("closed: {} NRN sold and delivered; nothing else exists", screen::nrn(genesis_supply)));
        let founded = found(&options, &file, &dir, &cast, &hands, &network).await?;
        let Founded { group, site, client, events } = founded;
        screen.line("group", &format!("{} is group {group}; its files are on IPFS, {} publishes them", file.name, client.peer_id()));
        ground.confirm().await?;
        let (trainers, validators) = nodes::start(&options, &file, &dir, group)?;
        tell_of_nodes(&options, &dir, screen);
        admit(&cast, &hands, &ground, group, screen).await?;
        let feed = Hub::start(source(&site, &dir, &client), &[group], events).await?.feed(group).await?;
        let view = feed.view().clone();
        let member = join(&site, &view, &client).await?;
        let (heard, ledger) = (feed.spawn(), Ledger::new(group));
        let nodes = BTreeMap::new();
        let network = hands.of(&cast.founder)?.clone();
        let (teller, lines) = Teller::new();
        let sponsor = cast.sponsor.clone().zip(hidden);
        let sponsor = sponsor.map(|(actor, hidden)| Sponsor::new(actor.clone(), hands.of(&actor)?.clone(), member.clone(), hidden));
        let liars = Liars::new(group, &cast, &hands, &member, &teller);
        let watch = Watch { member: member.clone(), heldout: file.data.heldout.clone(), teller };
        let mut devnet = Self {
            options,
            file,
            dir,
            cast,
            hands,
            site,
            network,
            member,
            group,
            genesis_supply,
            ledger,
            view,
            now_s: 0,
            block: 0,
            trainers,
            validators,
            nodes,
            heard,
            liars,
            sponsor: sponsor.transpose()?,
            watch,
            lines,
            ground,
        };
        devnet.check_processes()?;
        Ok(devnet)
    }

    /// Waits for the next thing heard, and writes it down.
    ///
    /// # Errors
    /// When following ends, or a node has ended by itself.
    pub async fn step(&mut self) -> Result<Heard> {
        let heard = self.heard.recv().await.context("following the network has ended")??;
        match &heard {
            Heard::Restart => self.ledger = Ledger::new(self.group),
            Heard::Group(view) => self.view = view.clone(),
            Heard::Event { block, event } => {
                self.member.note(event).await;
                self.ledger.note(event, block);
                self.watch.hear(event, &self.view);
            }
            Heard::Block(block) => {
                (self.now_s, self.block) = (block.time_s, block.number);
                self.check_processes()?;
            }
            Heard::Log { author, body } => self.read(*author, body),
            Heard::Live | Heard::Double { .. } => {}
        }
        self.liars.hear(&heard, &self.view, &self.ledger, self.options.rounds());
        Ok(heard)
    }

    /// Steps until `is_done`, at most `limit_s` of the chain's seconds.
    ///
    /// # Errors
    /// When the time is over, with `what` was waited for.
    pub async fn until(&mut self, what: &str, limit_s: u64, is_done: impl Fn(&Self) -> bool) -> Result<()> {
        let start_s = self.network.chain().latest().await?.time_s;
        while !is_done(self) {
            self.step().await?;
            if self.now_s > start_s + limit_s {
                bail!("waited {limit_s} s for {what}; the nodes' logs are in {}", self.dir.display());
            }
        }
        Ok(())
    }

    /// Makes all pay stake, and waits until the book knows: what was earned last is issued only then.
    ///
    /// # Errors
    /// When the chain does not do its part.
    pub async fn settle_pay(&mut self) -> Result<()> {
        let compounded = self.cast.stakes().map(|(owner, signer)| async {
            let stake = self.hands.of(owner)?.stake();
            let Some(number) = self.view.position_of(signer.address()).map(|position| position.number) else { return anyhow::Ok(0) };
            if stake.position(self.group, number).await?.earned.is_zero() {
                return Ok(0);
            }
            Ok(stake.compound(self.group, number).await?.block)
        });
        let last = try_join_all(compounded).await?.into_iter().max().unwrap_or_default();
        self.until("the last pay", patience_s(&self.view, 1), |devnet| devnet.block >= last).await
    }

    fn read(&mut self, author: NodeId, body: &Body) {
        let node = self.nodes.entry(author).or_default();
        match body {
            Body::Binding(binding) if binding.binds(author, &self.network.domain()) => node.0 = Some(binding.account),
            Body::Dataset { head, root } => _ = node.1.insert(*head, *root),
            _ => {}
        }
    }

    /// The root that each of our nodes told for `head`; `None` for one that has not.
    pub fn roots(&self, head: Digest) -> BTreeMap<String, Option<Digest>> {
        let actors = self.cast.trainers.iter().chain(&self.cast.signers);
        actors.map(|actor| (actor.name.clone(), self.root_told_by(actor.address(), head))).collect()
    }

    /// The root that a node of `account` told for `head`.
    pub fn root_told_by(&self, account: Address, head: Digest) -> Option<Digest> {
        let mut nodes = self.nodes.values().filter(|(bound, _)| *bound == Some(account));
        nodes.find_map(|(_, roots)| roots.get(&head)).copied()
    }

    /// What proposes and votes, and who pays for hidden examples.
    pub fn votes(&self) -> Votes {
        let (group, member, teller) = (self.group, self.member.clone(), self.watch.teller.clone());
        Votes { group, cast: self.cast.clone(), hands: self.hands.clone(), sponsor: self.sponsor.clone(), member, teller }
    }

    /// What the parts have told since the last time.
    pub fn news(&mut self) -> Vec<News> {
        std::iter::from_fn(|| self.lines.try_recv().ok()).collect()
    }

    /// What was measured beside the rounds.
    pub fn seen(&self) -> Seen {
        self.watch.teller.seen()
    }

    /// For whom a node speaks.
    pub fn name_of_node(&self, node: NodeId) -> String {
        let account = self.nodes.get(&node).and_then(|(account, _)| *account);
        account.map_or_else(|| node.to_string(), |account| self.cast.name_of(account))
    }

    /// Lets trainers go on beyond `--rounds`.
    ///
    /// # Errors
    /// When a program cannot be started again.
    pub fn lift_limit(&mut self) -> Result<()> {
        for process in &mut self.trainers {
            process.kill();
            nodes::lift_limit(&self.dir, &process.name)?;
            process.restart()?;
        }
        Ok(())
    }

    fn check_processes(&mut self) -> Result<()> {
        self.trainers.iter_mut().chain(&mut self.validators).try_for_each(Process::check)
    }

    /// Makes so many blocks at once where nothing is to be waited for, as far apart by their dates as others.
    ///
    /// # Errors
    /// On a chain that is not its own.
    pub async fn skip(&self, blocks: u64) -> Result<()> {
        self.ground.skip(blocks).await
    }

    /// Where programs find the chain.
    pub fn rpc_url(&self) -> &str {
        self.ground.chain().settings().rpc.first_url()
    }

    /// The file that all programs need.
    pub fn network_file(&self) -> PathBuf {
        self.dir.join(NETWORK)
    }
}

/// Everybody, with keys and coins.
async fn cast(options: &Options, dir: &Path, ground: &Ground) -> Result<Cast> {
    let cast = Cast::new(options)?;
    cast.write_keys(&dir.join("keys"))?;
    cast.fund(&ground.rich()).await?;
    Ok(cast)
}

/// Deploys the contracts.
async fn contracts(options: &Options, file: &GroupFile, cast: &Cast, ground: &Ground, screen: &Screen) -> Result<(Network, Hands)> {
    let founder = ground.chain().with_account(cast.founder.account.clone());
    let network = setup::contracts(&founder, &setup::times(file, options), ground.sale_s()).await?;
    screen.line("contracts", &format!("Network at {}, found from its address: token, schedule, sale, purse", network.address()));
    let hands = Hands::new(&network, cast);
    Ok((network, hands))
}

fn tell_of_nodes(options: &Options, dir: &Path, screen: &Screen) {
    let Options { trainers, validators, liars, .. } = options;
    screen.line("nodes", &format!("{trainers} trainers and {validators} validators started, logs in {}", dir.display()));
    if *liars > 0 {
        screen.line("liars", &format!("{liars} trainers that claim what is not so, as many validators that sign twice"));
    }
}

async fn admit(cast: &Cast, hands: &Hands, ground: &Ground, group: GroupId, screen: &Screen) -> Result<()> {
    setup::stake(cast, hands, group).await?;
    screen.line("stake", "bonded by cold owners for the validators' hot keys; counts from the next epoch");
    setup::admit(cast, hands, ground, group).await?;
    ground.confirm().await?;
    ground.begin().await?;
    screen.line("group", "admitted by its stake: from now on its rounds are paid");
    Ok(())
}

/// Everything that the contracts write: the ledger wants issue and purse too.
fn source(site: &Site, dir: &Path, client: &swarm::Client) -> Source {
    let (network, folder) = (site.network.clone(), dir.join("chronicles"));
    Source { network, first: site.file.deployed_block, folder, client: client.clone(), scope: Scope::Whole }
}

/// A member that knows all of history before the feed has told it: votes begin at once.
async fn join(site: &Site, view: &GroupView, client: &swarm::Client) -> Result<Member> {
    let member = Member::join(view, client).await?;
    for (_, event) in site.history(view.id).await? {
        member.note(&event).await;
    }
    Ok(member)
}

struct Founded {
    group: GroupId,
    site: Site,
    client: swarm::Client,
    events: mpsc::Receiver<swarm::Event>,
}

/// Publishes the group's files from this process and makes the group.
async fn found(options: &Options, file: &GroupFile, dir: &Path, cast: &Cast, hands: &Hands, network: &Network) -> Result<Founded> {
    let path = dir.join(NETWORK);
    let alone = setup::network_file(&path, network, options.confirmations, Vec::new()).await?;
    let data = dir.join("publisher");
    fs::create_dir_all(&data)?;
    let (client, events) = alone.join(&data, node::keys::node_key(&data)?, &options.listen, &[]).await?;
    let founder = hands.of(&cast.founder)?;
    let birth = birth::prepare(file, &setup::times(file, options), options.seed, cast.founder.address(), &Intake::new(&client)).await?;
    let group = founder.create(&birth).await?;
    client.subscribe(group).await?;
    let peers = client.listen_addresses().await?.iter().map(ToString::to_string).collect();
    let site = setup::network_file(&path, network, options.confirmations, peers).await?;
    Ok(Founded { group, site, client, events })
}

fn folder(options: &Options) -> Result<PathBuf> {
    let dir = match &options.dir {
        Some(dir) => dir.clone(),
        None => std::env::temp_dir().join(format!("neuron-devnet-{}", std::process::id())),
    };
    if dir.join(NETWORK).exists() {
        bail!("{} holds an earlier devnet: remove it, or give --dir another folder", dir.display());
    }
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(dir.canonicalize()?)
}

/// How long anything that needs one more round may take, chain seconds.
pub fn patience_s(view: &GroupView, rounds: u64) -> u64 {
    view.times.length_s() * (rounds + 2) + view.maturity_s + 4 * view.period_s
}
