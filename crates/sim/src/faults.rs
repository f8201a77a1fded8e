//! What can go wrong, as data: each fault has its time and can be taken out; together they make the weather of a moment.

/// One thing that goes wrong from one millisecond to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub from_ms: u64,
    /// The first millisecond in which it is over.
    pub until_ms: u64,
    pub trouble: Trouble,
}

/// What goes wrong, and with whom. Nodes are numbered from 0: trainers, validators, strangers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Blocks say that it is later than it is.
    Timestamps {
        ahead_s: u64,
    },
    /// Blocks say the same second as the one before.
    Repeats,
    /// No blocks.
    Halt,
    /// At its first millisecond the last blocks are replaced by others.
    Reorganisation {
        depth: u64,
    },
    /// Gas costs so many times as much.
    Fees {
        times: u64,
    },
    /// Of a thousand transactions, how many the pool forgets.
    PoolDrops {
        per_mille: u64,
    },
    /// Transactions wait so many blocks.
    PoolDelays {
        blocks: u64,
    },
    /// A node's endpoint shows a head that old.
    EndpointLags {
        node: usize,
        blocks: u64,
    },
    /// A node's endpoint answers nothing.
    EndpointSilent {
        node: usize,
    },
    EndpointLate {
        node: usize,
        wait_ms: u64,
    },
    /// Of a thousand requests, how many are refused: too many of them.
    EndpointRefuses {
        node: usize,
        per_mille: u64,
    },
    /// Of a thousand requests for a block or a receipt that exists, how many are answered by nothing. The adapter of a node takes
    /// that for a block that is not there yet, and asks again after a pause, or for a transaction that was not mined yet. An
    /// empty list of events is found out by the block's bloom filter and asked for by hash: it costs a request.
    EndpointNull {
        node: usize,
        per_mille: u64,
    },
    /// A node's endpoint shows the group as it was so many blocks before the one that it is asked about.
    EndpointOlderViews {
        node: usize,
        blocks: u64,
    },
    /// A node's endpoint counts one transaction more than there is: what the account sends waits behind a gap until it is given
    /// up.
    EndpointNonce {
        node: usize,
    },
    /// Of a thousand answers, how many never come although what was asked for is done.
    AnswersLost {
        node: usize,
        per_mille: u64,
    },
    Latency {
        wait_ms: u64,
    },
    Loss {
        per_mille: u64,
    },
    Duplicates {
        per_mille: u64,
    },
    /// Messages overtake one another by so much.
    Disorder {
        wait_ms: u64,
    },
    /// Nodes whose bit is set reach only one another, and so do the others.
    Partition {
        side: u64,
    },
    /// Nothing comes through in this direction.
    OneWay {
        from: usize,
        to: usize,
    },
    /// Takes requests for files and gives nothing.
    PeerStalls {
        node: usize,
    },
    /// Gives files, a crumb at a time.
    PeerDrips {
        node: usize,
    },
    /// Gives other bytes than were asked for.
    PeerLies {
        node: usize,
    },
    /// Fills the log with notes.
    PeerFloods {
        node: usize,
    },
    /// Sends everybody envelopes that no log takes: forged, too long, of another group; and one that all have.
    PeerForges {
        node: usize,
    },
    /// Is cut off from everybody, but runs.
    Offline {
        node: usize,
    },
    /// At its first millisecond the node is killed, so many steps later; it rises when the fault is over.
    Kill {
        node: usize,
        steps: u64,
    },
    DiskFull {
        node: usize,
    },
    /// The node's clock is ahead.
    Clock {
        node: usize,
        ahead_ms: u64,
    },
    /// Everything that it computes takes so many times as long.
    Slow {
        node: usize,
        times: u64,
    },
}

/// Kinds of trouble that can be drawn one without the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Chain,
    Reorganisation,
    Endpoint,
    Network,
    Peer,
    Kill,
    Machine,
}

impl Kind {
    pub const ALL: [Self; 7] = [Self::Chain, Self::Reorganisation, Self::Endpoint, Self::Network, Self::Peer, Self::Kill, Self::Machine];
}

impl Fault {
    pub fn is_on(&self, now_ms: u64) -> bool {
        (self.from_ms..self.until_ms).contains(&now_ms)
    }

    /// Whether it is on at any time between the two.
    pub fn touches(&self, from_ms: u64, until_ms: u64) -> bool {
        self.from_ms < until_ms && from_ms < self.until_ms
    }
}

impl Trouble {
    /// Whom it kills.
    pub fn killed(&self) -> Option<usize> {
        match *self {
            Self::Kill { node, .. } => Some(node),
            _ => None,
        }
    }

    /// Whether this keeps a node from acting in time, or from being heard.
    pub fn hampers(&self, node: usize) -> bool {
        match *self {
            Self::EndpointLags { node: whose, .. }
            | Self::EndpointSilent { node: whose }
            | Self::EndpointLate { node: whose, .. }
            | Self::EndpointRefuses { node: whose, .. }
            | Self::EndpointNull { node: whose, .. }
            | Self::EndpointOlderViews { node: whose, .. }
            | Self::EndpointNonce { node: whose }
            | Self::AnswersLost { node: whose, .. }
            | Self::Offline { node: whose }
            | Self::Kill { node: whose, .. }
            | Self::DiskFull { node: whose }
            | Self::Slow { node: whose, .. } => whose == node,
            Self::OneWay { from, to } => from == node || to == node,
            Self::Timestamps { .. } | Self::Repeats | Self::Halt | Self::Reorganisation { .. } => true,
            Self::Fees { .. } | Self::PoolDrops { .. } | Self::PoolDelays { .. } => true,
            Self::Latency { .. } | Self::Loss { .. } | Self::Disorder { .. } | Self::Partition { .. } => true,
            Self::Duplicates { .. } | Self::Clock { .. } => false,
            Self::PeerStalls { .. } | Self::PeerDrips { .. } | Self::PeerLies { .. } => false,
            Self::PeerFloods { .. } | Self::PeerForges { .. } => false,
        }
    }
}

/// All that is wrong at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Weather {
    pub ahead_s: u64,
    pub repeats: bool,
    pub halt: bool,
    /// How many times as much gas costs, beyond once.
    pub fees: u64,
    pub pool_drops: u64,
    pub pool_delays: u64,
    pub latency_ms: u64,
    pub loss: u64,
    pub duplicates: u64,
    pub disorder_ms: u64,
    sides: Vec<u64>,
    cut: Vec<(usize, usize)>,
    pub nodes: Vec<NodeWeather>,
}

/// What is wrong with one node at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodeWeather {
    pub lags_blocks: u64,
    pub is_silent: bool,
    pub late_ms: u64,
    pub refuses: u64,
    /// Of a thousand requests, how many are answered by nothing.
    pub nulls: u64,
    /// How many blocks too old views are.
    pub older_blocks: u64,
    pub miscounts: bool,
    pub loses_answers: u64,
    pub serves: Serves,
    pub floods: bool,
    pub forges: bool,
    pub offline: bool,
    pub disk_full: bool,
    pub ahead_ms: u64,
    /// How many times as long computing takes, beyond once.
    pub slower: u64,
}

/// How a node gives files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Serves {
    #[default]
    Well,
    Slowly,
    Lies,
    Not,
}

impl Weather {
    /// What these faults make of a moment, for so many nodes.
    pub fn at(faults: &[Fault], nodes: usize, now_ms: u64) -> Self {
        let mut weather = Self { nodes: vec![NodeWeather::default(); nodes], ..Self::default() };
        faults.iter().filter(|fault| fault.is_on(now_ms)).for_each(|fault| weather.add(fault.trouble));
        weather
    }

    /// Whether a message of one node can reach another.
    pub fn reaches(&self, from: usize, to: usize) -> bool {
        let is_up = |node: usize| self.nodes.get(node).is_some_and(|node| !node.offline);
        let is_divided = |side: &u64| (side >> (from % 64)) & 1 != (side >> (to % 64)) & 1;
        is_up(from) && is_up(to) && !self.cut.contains(&(from, to)) && !self.sides.iter().any(is_divided)
    }

    /// Nothing comes through in this direction as long as this weather lasts.
    pub fn cut(&mut self, from: usize, to: usize) {
        self.cut.push((from, to));
    }

    fn add(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::Timestamps { ahead_s } => self.ahead_s = ahead_s,
            Trouble::Repeats => self.repeats = true,
            Trouble::Halt => self.halt = true,
            Trouble::Fees { times } => self.fees = times,
            Trouble::PoolDrops { per_mille } => self.pool_drops = per_mille,
            Trouble::PoolDelays { blocks } => self.pool_delays = blocks,
            Trouble::Latency { wait_ms } => self.latency_ms += wait_ms,
            Trouble::Loss { per_mille } => self.loss = per_mille,
            Trouble::Duplicates { per_mille } => self.duplicates = per_mille,
            Trouble::Disorder { wait_ms } => self.disorder_ms = wait_ms,
            Trouble::Partition { side } => self.sides.push(side),
            Trouble::OneWay { from, to } => self.cut.push((from, to)),
            // Both happen once and leave no weather.
            Trouble::Reorganisation { .. } | Trouble::Kill { .. } => {}
            _ => self.add_to_node(trouble),
        }
    }

    fn add_to_node(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::EndpointLags { node, blocks } => self.with(node, |node| node.lags_blocks = blocks),
            Trouble::EndpointSilent { node } => self.with(node, |node| node.is_silent = true),
            Trouble::EndpointLate { node, wait_ms } => self.with(node, |node| node.late_ms = wait_ms),
            Trouble::EndpointRefuses { node, per_mille } => self.with(node, |node| node.refuses = per_mille),
            Trouble::EndpointNull { node, per_mille } => self.with(node, |node| node.nulls = per_mille),
            Trouble::EndpointOlderViews { node, blocks } => self.with(node, |node| node.older_blocks = blocks),
            Trouble::EndpointNonce { node } => self.with(node, |node| node.miscounts = true),
            Trouble::AnswersLost { node, per_mille } => self.with(node, |node| node.loses_answers = per_mille),
            Trouble::PeerStalls { node } => self.with(node, |node| node.serves = Serves::Not),
            Trouble::PeerDrips { node } => self.with(node, |node| node.serves = Serves::Slowly),
            Trouble::PeerLies { node } => self.with(node, |node| node.serves = Serves::Lies),
            Trouble::PeerFloods { node } => self.with(node, |node| node.floods = true),
            Trouble::PeerForges { node } => self.with(node, |node| node.forges = true),
            Trouble::Offline { node } => self.with(node, |node| node.offline = true),
            Trouble::DiskFull { node } => self.with(node, |node| node.disk_full = true),
            Trouble::Clock { node, ahead_ms } => self.with(node, |node| node.ahead_ms = ahead_ms),
            Trouble::Slow { node, times } => self.with(node, |node| node.slower = times),
            _ => {}
        }
    }

    fn with(&mut self, node: usize, change: impl FnOnce(&mut NodeWeather)) {
        if let Some(node) = self.nodes.get_mut(node) {
            change(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(from_ms: u64, until_ms: u64, trouble: Trouble) -> Fault {
        Fault { from_ms, until_ms, trouble }
    }

    #[test]
    fn a_fault_is_on_from_its_first_millisecond_to_the_one_before_its_end() {
        let faults = [fault(10, 20, Trouble::Loss { per_mille: 500 }), fault(15, 30, Trouble::Slow { node: 1, times: 3 })];
        let told: Vec<_> = [9, 10, 15, 19, 20, 30]
            .map(|now_ms| Weather::at(&faults, 2, now_ms))
            .map(|weather| (weather.loss, weather.nodes[1].slower, weather.nodes[0].slower))
            .into();
        assert_eq!(told, [(0, 0, 0), (500, 0, 0), (500, 3, 0), (500, 3, 0), (0, 3, 0), (0, 0, 0)]);
    }

    #[test]
    fn partitions_offline_nodes_and_one_way_links_cut_what_they_say_and_nothing_else() {
        let reached = |troubles: &[Trouble]| {
            let faults: Vec<Fault> = troubles.iter().map(|trouble| fault(0, 1, *trouble)).collect();
            let weather = Weather::at(&faults, 3, 0);
            let pairs = [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)];
            pairs.map(|(from, to)| weather.reaches(from, to))
        };
        assert_eq!(reached(&[]), [true; 6]);
        assert_eq!(reached(&[Trouble::Partition { side: 0b100 }]), [true, true, false, false, false, false]);
        assert_eq!(reached(&[Trouble::OneWay { from: 0, to: 1 }]), [false, true, true, true, true, true]);
        assert_eq!(reached(&[Trouble::Offline { node: 1 }]), [false, false, true, true, false, false]);
    }

    #[test]
    fn trouble_with_a_node_that_does_not_exist_is_no_trouble() {
        let faults = [fault(0, 1, Trouble::DiskFull { node: 9 })];
        assert_eq!(Weather::at(&faults, 2, 0), Weather::at(&[], 2, 0));
    }
}
