//! A home router: one address to the outside, translated for whoever is behind it.

use anyhow::{Context, Result};

use crate::{space::Space, tun};

/// The same in every home, as it is.
const ROUTER: &str = "192.168.1.1";
const INSIDE: &str = "192.168.1.2";

/// What goes out gets the router's address; what comes in unasked falls, also what is for the router itself.
const RULES: &str = r#"
table ip home {
    chain translate { type nat hook postrouting priority srcnat; oifname "wire" masquerade; }
    chain own { type filter hook input priority filter; policy drop; iifname != "wire" accept; ct state established,related accept; }
    chain through { type filter hook forward priority filter; policy drop; iifname "lan" accept; ct state established,related accept; }
}
"#;

/// Puts a host behind a router whose wire to the outside is there already.
///
/// # Errors
/// What `ip` or `nft` say against it.
pub fn put_behind(router: &Space, host: &Space) -> Result<()> {
    let wire = tun::NAME;
    router.ip(&format!("link add lan type veth peer name {wire} netns {}", host.name()))?;
    router.ip(&format!("address add {ROUTER}/24 dev lan"))?;
    router.ip("link set lan up")?;
    host.ip(&format!("address add {INSIDE}/24 dev {wire}"))?;
    host.ip(&format!("link set {wire} up"))?;
    host.ip(&format!("route add default via {ROUTER}"))?;
    router.tell(&["nft", "-f", "-"], RULES).context("a home router translates addresses with nftables")?;
    router.tell(&["tee", "/proc/sys/net/ipv4/ip_forward"], "1")
}
