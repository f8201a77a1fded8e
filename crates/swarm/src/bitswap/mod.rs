//! Bitswap 1.2: how IPFS nodes exchange blocks (github.com/ipfs/specs, BITSWAP.md).
//!
//! Peers tell one another which CIDs they want, whether only to know or to have them, and answer with
//! presences and blocks. A block comes without its name: the receiver hashes it, and so learns whether it
//! is one that was asked for.
//!
//! | file | what |
//! |---|---|
//! | `message` | the bytes of a message |
//! | `ledger` | what a peer wants of this node |
//! | `wants` | what this node wants, and of whom |
//! | `suppliers` | what is known of a peer as a source |
//! | `streams` | whole messages on a stream |
//! | `handler` | the streams of one connection |
//! | `behaviour` | all of it, as libp2p drives it |

/// All connections together, as libp2p drives them.
pub mod behaviour;
mod handler;
mod ledger;
mod message;
mod streams;
mod suppliers;
mod wants;
