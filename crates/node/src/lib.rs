//! What the programs share: configuration, keys, checks at start, groups and their sets, and what a node hears.

pub mod bindings;
pub mod birth;
pub mod claims;
pub mod config;
pub mod dataset;
pub mod feed;
pub mod folder;
pub mod groups;
pub mod host;
pub mod hub;
pub mod keys;
pub mod lock;
pub mod logging;
pub mod measures;
pub mod member;
pub mod network_file;
pub mod password;
pub mod patience;
pub mod progress;
pub mod roots;
pub mod shell;
pub mod signing;
pub mod site;
mod standing;
pub mod stop;
pub mod upkeep;
pub mod words;

pub use config::NodeConfig;
pub use feed::{Feed, Heard};
pub use groups::Groups;
pub use host::Host;
pub use hub::{Hub, Scope, Source};
pub use member::{Exam, Member};
pub use shell::{Answers, Node, Program, Scene, Shell};
pub use site::Site;
pub use upkeep::Upkeep;
