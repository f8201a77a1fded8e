//! What the programs share: configuration, keys, checks at start, groups and their sets, and what a node hears.
#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, reason = "they panic where nobody reads any more: `output` does not")
)]

pub mod archive;
pub mod bindings;
pub mod birth;
mod cars;
pub mod claims;
pub mod config;
pub mod copy;
pub mod dataset;
pub mod feed;
pub mod folder;
pub mod format;
pub mod groups;
mod haves;
pub mod host;
pub mod http;
pub mod hub;
pub mod intake;
pub mod keys;
pub mod lock;
pub mod logging;
pub mod machine;
pub mod measures;
pub mod member;
pub mod network_file;
pub mod output;
pub mod outside;
pub mod password;
pub mod patience;
pub mod pins;
pub mod progress;
pub mod roots;
pub mod shell;
pub mod signing;
pub mod site;
mod standing;
pub mod stop;
pub mod system;
pub mod traces;
pub mod upkeep;
pub mod vitals;
pub mod words;

pub use archive::Archive;
pub use config::NodeConfig;
pub use feed::{Feed, Heard};
pub use groups::Groups;
pub use host::Host;
pub use hub::{Hub, Scope, Source};
pub use intake::Intake;
pub use member::{Exam, Member, shards};
pub use shell::{Answers, Node, Program, Scene, Shell};
pub use site::Site;
pub use upkeep::Upkeep;
pub use vitals::Vitals;
