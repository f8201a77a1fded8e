//! Ids in a tree by their hexadecimal digits, each branch with its count and sum: what lies in any range is known in a few steps.

use ruint::aliases::U256;
use sha2::{Digest as _, Sha256};

use crate::ids::Digest;

/// Ids in a leaf at most, before it is split.
const LEAF: usize = 32;
/// Ids below which branches become one leaf again.
const SPARSE: u64 = 8;
/// Places by which a leaf grows.
const GROWTH: usize = 8;

/// Ids, each with the number of its message.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ids(Node);

#[derive(Debug, Clone, Default)]
struct Node {
    total: Total,
    below: Below,
}

#[derive(Debug, Clone)]
enum Below {
    /// Ascending.
    Leaf(Vec<(Digest, u32)>),
    Branches(Box<[Node; 16]>),
}

/// How many ids, and their sum mod 2^256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Total {
    pub count: u64,
    sum: U256,
}

impl Default for Below {
    fn default() -> Self {
        Self::Leaf(Vec::new())
    }
}

impl Total {
    fn add(&mut self, id: &Digest) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(U256::from_be_bytes(id.0));
    }

    fn remove(&mut self, id: &Digest) {
        self.count -= 1;
        self.sum = self.sum.wrapping_sub(U256::from_be_bytes(id.0));
    }

    fn plus(self, other: Self) -> Self {
        Self { count: self.count + other.count, sum: self.sum.wrapping_add(other.sum) }
    }

    fn minus(self, other: Self) -> Self {
        Self { count: self.count.saturating_sub(other.count), sum: self.sum.wrapping_sub(other.sum) }
    }

    /// First 16 bytes of sha256(sum ‖ u64be(count)).
    pub fn fingerprint(&self) -> [u8; 16] {
        let hash = Sha256::new().chain_update(self.sum.to_be_bytes::<32>()).chain_update(self.count.to_be_bytes()).finalize();
        std::array::from_fn(|byte| hash[byte])
    }
}

fn digit(id: &Digest, depth: usize) -> usize {
    let byte = id.0.get(depth / 2).copied().unwrap_or_default();
    usize::from(if depth.is_multiple_of(2) { byte >> 4 } else { byte & 15 })
}

fn place(leaf: &[(Digest, u32)], id: &Digest) -> Result<usize, usize> {
    leaf.binary_search_by(|(other, _)| other.cmp(id))
}

impl Node {
    fn insert(&mut self, id: Digest, number: u32, depth: usize) -> bool {
        let is_new = match &mut self.below {
            Below::Branches(branches) => branches[digit(&id, depth)].insert(id, number, depth + 1),
            Below::Leaf(leaf) => match place(leaf, &id) {
                Ok(_) => false,
                Err(at) => {
                    if leaf.len() == leaf.capacity() {
                        leaf.reserve_exact(GROWTH);
                    }
                    leaf.insert(at, (id, number));
                    true
                }
            },
        };
        if is_new {
            self.total.add(&id);
            self.split(depth);
        }
        is_new
    }

    fn split(&mut self, depth: usize) {
        let Below::Leaf(leaf) = &mut self.below else { return };
        if leaf.len() <= LEAF {
            return;
        }
        let mut branches: Box<[Node; 16]> = Box::default();
        for (id, number) in std::mem::take(leaf) {
            branches[digit(&id, depth)].insert(id, number, depth + 1);
        }
        self.below = Below::Branches(branches);
    }

    fn remove(&mut self, id: &Digest, depth: usize) -> Option<u32> {
        let removed = match &mut self.below {
            Below::Branches(branches) => branches[digit(id, depth)].remove(id, depth + 1)?,
            Below::Leaf(leaf) => leaf.remove(place(leaf, id).ok()?).1,
        };
        self.total.remove(id);
        if self.total.count < SPARSE && matches!(self.below, Below::Branches(_)) {
            self.below = Below::Leaf(Walk::all(self).collect());
        }
        Some(removed)
    }

    fn before(&self, bound: &Digest, depth: usize) -> Total {
        match &self.below {
            Below::Branches(branches) => {
                let digit = digit(bound, depth);
                let below = branches[..digit].iter().fold(Total::default(), |total, branch| total.plus(branch.total));
                below.plus(branches[digit].before(bound, depth + 1))
            }
            Below::Leaf(leaf) => {
                let mut total = Total::default();
                leaf.iter().take_while(|(id, _)| id < bound).for_each(|(id, _)| total.add(id));
                total
            }
        }
    }

    fn nth(&self, mut rank: u64) -> Option<Digest> {
        match &self.below {
            Below::Leaf(leaf) => leaf.get(rank as usize).map(|(id, _)| *id),
            Below::Branches(branches) => branches.iter().find_map(|branch| {
                let is_here = rank < branch.total.count;
                if !is_here {
                    rank -= branch.total.count;
                }
                is_here.then(|| branch.nth(rank)).flatten()
            }),
        }
    }
}

impl Ids {
    /// Whether it is new.
    pub fn insert(&mut self, id: Digest, number: u32) -> bool {
        self.0.insert(id, number, 0)
    }

    /// The number of an id that was there.
    pub fn remove(&mut self, id: &Digest) -> Option<u32> {
        self.0.remove(id, 0)
    }

    /// The number of an id.
    pub fn get(&self, id: &Digest) -> Option<u32> {
        let (mut node, mut depth) = (&self.0, 0);
        loop {
            match &node.below {
                Below::Branches(branches) => node = &branches[digit(id, depth)],
                Below::Leaf(leaf) => return place(leaf, id).ok().map(|at| leaf[at].1),
            }
            depth += 1;
        }
    }

    /// Of all.
    pub fn total(&self) -> Total {
        self.0.total
    }

    /// Of those from `from` on and before `until`, to the end without that.
    pub fn total_in(&self, from: &Digest, until: Option<&Digest>) -> Total {
        let end = until.map_or(self.0.total, |until| self.0.before(until, 0));
        end.minus(self.0.before(from, 0))
    }

    /// The id with so many before it.
    pub fn nth(&self, rank: u64) -> Option<Digest> {
        self.0.nth(rank)
    }

    /// How many come before `bound`.
    pub fn rank(&self, bound: &Digest) -> u64 {
        self.0.before(bound, 0).count
    }

    /// Ascending.
    pub fn iter(&self) -> Walk<'_> {
        Walk::all(&self.0)
    }

    /// Those from `from` on and before `until`, ascending.
    pub fn range(&self, from: &Digest, until: Option<Digest>) -> impl Iterator<Item = Digest> + '_ {
        let walk = Walk::from(&self.0, from).map(|(id, _)| id);
        walk.take_while(move |id| until.is_none_or(|until| *id < until))
    }
}

/// Goes through a tree.
pub(crate) struct Walk<'a> {
    branches: Vec<std::slice::Iter<'a, Node>>,
    leaf: std::slice::Iter<'a, (Digest, u32)>,
}

impl<'a> Walk<'a> {
    fn all(node: &'a Node) -> Self {
        Self { branches: vec![std::slice::from_ref(node).iter()], leaf: [].iter() }
    }

    fn from(mut node: &'a Node, from: &Digest) -> Self {
        let mut branches = Vec::new();
        loop {
            match &node.below {
                Below::Leaf(leaf) => {
                    let at = place(leaf, from).unwrap_or_else(|at| at);
                    return Self { branches, leaf: leaf[at..].iter() };
                }
                Below::Branches(below) => {
                    let digit = digit(from, branches.len());
                    branches.push(below[digit + 1..].iter());
                    node = &below[digit];
                }
            }
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = (Digest, u32);

    fn next(&mut self) -> Option<(Digest, u32)> {
        loop {
            if let Some(found) = self.leaf.next() {
                return Some(*found);
            }
            match self.branches.last_mut()?.next().map(|node| &node.below) {
                None => drop(self.branches.pop()),
                Some(Below::Leaf(leaf)) => self.leaf = leaf.iter(),
                Some(Below::Branches(branches)) => self.branches.push(branches.iter()),
            }
        }
    }
}
