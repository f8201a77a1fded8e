//! A running internet: one thread that reads what hosts send, and writes to them what has arrived.

use std::{
    collections::BTreeSet,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::{
    home,
    host::Host,
    net::{HOSTS_MAX, Net},
    space::{self, Space},
    tun::Tun,
    weather::Weather,
};

/// Packets that are read of one host before the others have their turn.
const BATCH: usize = 64;
/// The thread looks at least so often whether it shall end.
const LOOK: Duration = Duration::from_millis(50);

/// Hosts of their own and the wires between them. Dropping it ends all that runs on the hosts, and removes them.
pub struct Internet {
    hosts: Vec<Host>,
    net: Arc<Mutex<Net>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// After the thread: with them devices end.
    _spaces: Vec<Space>,
}

/// The address of the host with that number: global, and in a range of its own.
fn address(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(11, number as u8 + 1, 0, 1)
}

impl Internet {
    /// Hosts of these names, those of `behind` each behind a home router. The seed draws delays and losses.
    ///
    /// # Errors
    /// When this machine has no namespaces, TUN devices or nftables for it: [`crate::check_needs`] says what is missing.
    pub fn open(seed: u64, weather: Weather, open: &[&str], behind: &[&str]) -> Result<Self> {
        ensure!(open.len() + behind.len() <= HOSTS_MAX, "an internet has {HOSTS_MAX} hosts at most");
        space::clean();
        let (mut hosts, mut spaces, mut wires) = (Vec::new(), Vec::new(), Vec::new());
        for (number, name) in open.iter().chain(behind).enumerate() {
            let (own, address, is_behind) = (Space::make(name)?, address(number), number >= open.len());
            hosts.push(Host::new(name, address, is_behind, own.name()));
            if is_behind {
                let router = Space::make(&format!("{name}-router"))?;
                wires.push((address, Tun::make(&router, address)?));
                home::put_behind(&router, &own)?;
                spaces.push(router);
            } else {
                wires.push((address, Tun::make(&own, address)?));
            }
            spaces.push(own);
        }
        let net = Arc::new(Mutex::new(Net::new(seed, weather, wires.iter().map(|(address, _)| *address))));
        let is_over = Arc::new(AtomicBool::new(false));
        let router = Router { wires, net: net.clone(), is_over: is_over.clone(), start: Instant::now() };
        let thread = thread::Builder::new().name("wires".into()).spawn(|| router.run())?;
        Ok(Self { hosts, net, is_over, thread: Some(thread), _spaces: spaces })
    }

    /// All hosts, in the order of their names when it was opened.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The host of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn host(&self, name: &str) -> Result<&Host> {
        self.hosts.iter().find(|host| host.name == name).with_context(|| format!("there is no host {name}"))
    }

    /// Weather, rules and counts, while the wires stand still: what is changed holds for whatever is sent from now on.
    pub fn net(&self) -> MutexGuard<'_, Net> {
        lock(&self.net)
    }

    /// Parts the hosts: from now on only those hear one another that stand in one of these sets together.
    ///
    /// # Errors
    /// When there is no host of one of the names.
    pub fn part(&self, sets: &[&[&str]]) -> Result<()> {
        let addresses = |names: &&[&str]| names.iter().map(|name| Ok(self.host(name)?.address)).collect::<Result<BTreeSet<_>>>();
        let sets = sets.iter().map(addresses).collect::<Result<Vec<_>>>()?;
        self.net().rules.part(sets);
        Ok(())
    }

    /// Everybody hears everybody again.
    pub fn heal(&self) {
        self.net().rules.heal();
    }
}

impl Drop for Internet {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has said so.
            _ = thread.join();
        }
    }
}

/// A panic elsewhere leaves nothing half done in it that matters.
fn lock(net: &Mutex<Net>) -> MutexGuard<'_, Net> {
    net.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the thread has.
struct Router {
    wires: Vec<(Ipv4Addr, Tun)>,
    net: Arc<Mutex<Net>>,
    is_over: Arc<AtomicBool>,
    start: Instant,
}

impl Router {
    fn run(mut self) {
        while !self.is_over.load(Ordering::Relaxed) {
            if let Err(error) = self.wait() {
                eprintln!("the wires have broken: {error}");
                return;
            }
            self.take();
            self.give();
        }
    }

    fn now_us(&self) -> u64 {
        self.start.elapsed().as_micros() as u64
    }

    /// Until somebody sends, something arrives, or it is time to look.
    fn wait(&self) -> std::io::Result<()> {
        let next_us = lock(&self.net).next_us();
        let left = next_us.map_or(LOOK, |due_us| LOOK.min(Duration::from_micros(due_us.saturating_sub(self.now_us()))));
        let timeout = Timespec { tv_sec: 0, tv_nsec: left.subsec_nanos().into() };
        let mut files: Vec<PollFd<'_>> = self.wires.iter().map(|(_, tun)| PollFd::new(tun, PollFlags::IN)).collect();
        match poll(&mut files, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn take(&mut self) {
        let now_us = self.now_us();
        let mut net = lock(&self.net);
        for (host, tun) in &mut self.wires {
            for packet in std::iter::from_fn(|| tun.read()).take(BATCH) {
                net.send(*host, packet, now_us);
            }
        }
    }

    fn give(&mut self) {
        let now_us = self.now_us();
        let mut net = lock(&self.net);
        while let Some((to, packet)) = net.arrived(now_us) {
            if let Some((_, tun)) = self.wires.iter_mut().find(|(host, _)| *host == to) {
                tun.write(&packet);
            }
        }
    }
}
