//! What a node asks of others, counted.

/// Since the beginning of the run, over all processes of the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Requests to the node's endpoint: heads, events, views, receipts, transactions with the attempts before them.
    pub calls: u64,
    /// Messages of the log, with all copies that come though they are here already.
    pub sent_bytes: u64,
    pub received_bytes: u64,
    /// Topics and data of the events that the endpoint sends: all of the network's contracts, whatever group they are about.
    pub event_bytes: u64,
    /// Requests for files.
    pub files: u64,
}
