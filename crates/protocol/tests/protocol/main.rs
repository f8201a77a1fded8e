//! The protocol's rules, messages, log and machines, tested from outside.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot build its case must fail")]

mod again;
mod ahead;
mod attendance;
mod ballots;
mod bringing;
mod concessions;
mod contracts;
mod copies;
mod court;
mod deeds;
mod devnet;
mod disorder;
mod doppelganger;
mod feed;
mod hidden;
mod homecoming;
mod judges;
mod juries;
mod jury;
mod keeping;
mod log;
mod mishaps;
mod nodes;
mod panel;
mod posting;
mod properties_trainer;
mod room;
mod signatures;
mod signing_log;
mod slow;
mod steward;
mod stewards;
mod story;
mod trainer;
mod validator;
mod vectors;
mod warden;
mod world;
