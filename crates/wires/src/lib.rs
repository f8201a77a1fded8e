//! An internet on one machine: hosts in network namespaces of their own, and the wires between them.
//!
//! What happens to a packet, and when, is decided by [`Net`], which knows no clock and no device: it is told the time and the packets, and
//! draws delay and loss from a seed. At the edge stands [`Internet`], on Linux only: it makes a namespace and a TUN device for each host,
//! reads what they send, and writes to them what has arrived. Some hosts stand behind a home router that translates addresses.

#[cfg(target_os = "linux")]
mod home;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod internet;
#[cfg(target_os = "linux")]
mod needs;
mod net;
mod packet;
mod rules;
#[cfg(target_os = "linux")]
mod space;
#[cfg(target_os = "linux")]
mod tun;
mod weather;

#[cfg(target_os = "linux")]
pub use host::Host;
#[cfg(target_os = "linux")]
pub use internet::Internet;
#[cfg(target_os = "linux")]
pub use needs::{check as check_needs, or_skip};
pub use net::{Counts, Fate, Net};
pub use rules::Rules;
pub use weather::Weather;
