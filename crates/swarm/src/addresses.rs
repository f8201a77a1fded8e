//! Addresses: which ones this node speaks, what is wrong with the others, and how far each reaches.
//!
//! Everything here is a table: nothing is resolved, dialled or remembered.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

/// How far an address reaches: from where a dial of it comes to the machine that announced it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The whole internet.
    Global,
    /// A home or an office: 10/8, 172.16/12, 192.168/16, fc00::/7.
    Private,
    /// Customers of one provider behind its router: 100.64/10.
    Shared,
    /// One cable or wireless network: 169.254/16, fe80::/10.
    Link,
    /// Examples of books, and networks that are played: 192.0.2/24, 198.51.100/24, 203.0.113/24, 2001:db8::/32, 3fff::/20.
    Documentation,
    /// This machine: 127/8, ::1.
    Loopback,
    /// Nobody: groups of receivers, what is not given out.
    Nowhere,
}

impl Scope {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Scope::Global => "global",
            Scope::Private => "private",
            Scope::Shared => "behind a provider's router",
            Scope::Link => "link-local",
            Scope::Documentation => "of examples",
            Scope::Loopback => "of this machine alone",
            Scope::Nowhere => "not in use",
        }
    }
}

/// The scope of an IP address; of one that carries an IPv4 address inside, that of the inner one.
pub fn scope(ip: IpAddr) -> Scope {
    match ip {
        IpAddr::V4(ip) => scope_4(ip),
        IpAddr::V6(ip) => inner_4(ip).map_or_else(|| scope_6(ip), scope_4),
    }
}

/// Prefixes of IPv4 and their scopes; what is in none is global.
const PREFIXES_4: [([u8; 4], u32, Scope); 16] = [
    ([0, 0, 0, 0], 8, Scope::Nowhere),
    ([10, 0, 0, 0], 8, Scope::Private),
    ([100, 64, 0, 0], 10, Scope::Shared),
    ([127, 0, 0, 0], 8, Scope::Loopback),
    ([169, 254, 0, 0], 16, Scope::Link),
    ([172, 16, 0, 0], 12, Scope::Private),
    ([192, 0, 0, 0], 24, Scope::Nowhere),
    ([192, 0, 2, 0], 24, Scope::Documentation),
    ([192, 88, 99, 0], 24, Scope::Nowhere),
    ([192, 168, 0, 0], 16, Scope::Private),
    ([198, 18, 0, 0], 15, Scope::Nowhere),
    ([198, 51, 100, 0], 24, Scope::Documentation),
    ([203, 0, 113, 0], 24, Scope::Documentation),
    ([224, 0, 0, 0], 4, Scope::Nowhere),
    ([240, 0, 0, 0], 4, Scope::Nowhere),
    ([255, 255, 255, 255], 32, Scope::Nowhere),
];

fn scope_4(ip: Ipv4Addr) -> Scope {
    let within = |net: [u8; 4], bits: u32| (ip.to_bits() ^ u32::from_be_bytes(net)) >> (32 - bits) == 0;
    PREFIXES_4.iter().find(|(net, bits, _)| within(*net, *bits)).map_or(Scope::Global, |(_, _, scope)| *scope)
}

/// Prefixes of IPv6 and their scopes, by their first 32 bits; what is in none is global if it begins with 001, else nowhere.
const PREFIXES_6: [(u32, u32, Scope); 6] = [
    (0xfc00_0000, 7, Scope::Private),
    (0xfe80_0000, 10, Scope::Link),
    (0x2001_0000, 23, Scope::Nowhere),
    (0x2001_0db8, 32, Scope::Documentation),
    (0x3fff_0000, 20, Scope::Documentation),
    (0x2000_0000, 3, Scope::Global),
];

fn scope_6(ip: Ipv6Addr) -> Scope {
    if ip.is_loopback() {
        return Scope::Loopback;
    }
    let first = (ip.to_bits() >> 96) as u32;
    let within = |net: u32, bits: u32| (first ^ net) >> (32 - bits) == 0;
    PREFIXES_6.iter().find(|(net, bits, _)| within(*net, *bits)).map_or(Scope::Nowhere, |(_, _, scope)| *scope)
}

/// The IPv4 address inside one of ::ffff:0:0/96, 64:ff9b::/96 or 2002::/16.
fn inner_4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = ip.to_bits();
    let low = Ipv4Addr::from_bits(bits as u32);
    match bits >> 32 {
        0xffff => Some(low),
        0x0064_ff9b_0000_0000_0000_0000 => Some(low),
        _ if bits >> 112 == 0x2002 => Some(Ipv4Addr::from_bits((bits >> 80) as u32)),
        _ => None,
    }
}

/// Who shares a machine or a home: an IPv4 address, or 64 bits of an IPv6 address.
pub fn host(ip: IpAddr) -> IpAddr {
    masked(ip, 32, 64)
}

/// Who shares an owner: 24 bits of an IPv4 address, 48 of an IPv6 address.
pub fn site(ip: IpAddr) -> IpAddr {
    masked(ip, 24, 48)
}

fn masked(ip: IpAddr, bits_4: u32, bits_6: u32) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & u32::MAX << (32 - bits_4)).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & u128::MAX << (128 - bits_6)).into(),
    }
}

/// Whether two addresses of one scope lie in one network: the same 16 bits of private IPv4 addresses, the same 48 of
/// private IPv6 addresses, anything link-local, and all examples.
pub fn are_neighbours(one: IpAddr, other: IpAddr) -> bool {
    let (one, other) = (one.to_canonical(), other.to_canonical());
    scope(one) == scope(other)
        && one.is_ipv4() == other.is_ipv4()
        && (matches!(scope(one), Scope::Link | Scope::Documentation) || masked(one, 16, 48) == masked(other, 16, 48))
}

/// The peer that an address names at its end, if it names one.
pub fn peer_in(address: &Multiaddr) -> Option<PeerId> {
    match address.iter().last() {
        Some(Protocol::P2p(peer)) => Some(peer),
        _ => None,
    }
}

/// The IP address that it begins with; none of a name.
pub fn ip_in(address: &Multiaddr) -> Option<IpAddr> {
    match address.iter().next()? {
        Protocol::Ip4(ip) => Some(ip.into()),
        Protocol::Ip6(ip) => Some(ip.into()),
        _ => None,
    }
}

/// The port of TCP or UDP in it.
pub fn port_in(address: &Multiaddr) -> Option<u16> {
    address.iter().find_map(|part| match part {
        Protocol::Tcp(port) | Protocol::Udp(port) => Some(port),
        _ => None,
    })
}

/// IP address and port of it; none of a name.
pub fn socket_in(address: &Multiaddr) -> Option<SocketAddr> {
    Some(SocketAddr::new(ip_in(address)?, port_in(address)?))
}

/// Whether it begins with a name that must be resolved.
pub fn is_named(address: &Multiaddr) -> bool {
    let first = address.iter().next();
    matches!(first, Some(Protocol::Dns(_) | Protocol::Dns4(_) | Protocol::Dns6(_) | Protocol::Dnsaddr(_)))
}

/// Whether it leads through a relay.
pub fn is_relayed(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Protocol::P2pCircuit)
}

/// Whether it is an address of QUIC.
pub fn is_quic(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Protocol::QuicV1)
}

/// Whether this node speaks what the address names.
pub fn is_dialable(address: &Multiaddr) -> bool {
    check_dial(address).is_ok()
}

/// How addresses look that a node takes.
pub const EXAMPLES: &str = "/ip4/203.0.113.7/tcp/4400, /ip6/2001:db8::7/udp/4400/quic-v1 or /dns4/node.example/tcp/4400, with /p2p/12D3Koo… after it to name the peer";

/// Whether others can be dialled there.
///
/// # Errors
/// What stands in the way, in words.
pub fn check_dial(address: &Multiaddr) -> Result<(), &'static str> {
    let parts: Vec<Protocol<'_>> = address.iter().collect();
    let rest = match parts.split_first().ok_or("it is empty")? {
        (Protocol::Dnsaddr(name), rest) => return check_name(name).and_then(|()| check_end(rest)),
        (Protocol::Ip4(ip), _) if ip.is_unspecified() => return Err(UNSPECIFIED),
        (Protocol::Ip6(ip), _) if ip.is_unspecified() => return Err(UNSPECIFIED),
        (Protocol::Ip4(_) | Protocol::Ip6(_), rest) => rest,
        (Protocol::Dns(name) | Protocol::Dns4(name) | Protocol::Dns6(name), rest) => check_name(name).map(|()| rest)?,
        (other, _) => return Err(strange(other)),
    };
    check_end(check_port(rest, false)?)
}

/// Whether this node can listen there; port 0 lets the system choose.
///
/// # Errors
/// What stands in the way, in words.
pub fn check_listen(address: &Multiaddr) -> Result<(), &'static str> {
    let parts: Vec<Protocol<'_>> = address.iter().collect();
    match parts.split_first().ok_or("it is empty")? {
        (Protocol::Ip4(_) | Protocol::Ip6(_), rest) => match check_port(rest, true)? {
            [] => Ok(()),
            [Protocol::P2p(_)] => Err("a node listens under its own name: leave /p2p/… out"),
            [other, ..] => Err(strange(other)),
        },
        (Protocol::Dns(_) | Protocol::Dns4(_) | Protocol::Dns6(_) | Protocol::Dnsaddr(_), _) => {
            Err("a node listens on addresses of its machine, not on names: give an IP address here, and the name as `external`")
        }
        (other, _) => Err(strange(other)),
    }
}

/// Whether it can stand for this node in announcements.
///
/// # Errors
/// What stands in the way, in words.
pub fn check_external(address: &Multiaddr) -> Result<(), &'static str> {
    check_dial(address)?;
    match ip_in(address).map(scope) {
        Some(Scope::Nowhere) => Err("nobody has this address: it stands for groups of receivers, or is not given out"),
        _ => Ok(()),
    }
}

const UNSPECIFIED: &str = "it stands for all addresses of a machine: name one";

/// A name may hold what names hold: letters, digits, hyphens and dots.
fn check_name(name: &str) -> Result<(), &'static str> {
    let is_right = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let is_name = name.len() <= 253 && name.trim_end_matches('.').split('.').all(is_right);
    if is_name { Ok(()) } else { Err("its name is none that can be resolved") }
}

/// What comes after the transport.
fn check_port<'a, 'b>(parts: &'a [Protocol<'b>], any: bool) -> Result<&'a [Protocol<'b>], &'static str> {
    let (port, rest) = match parts {
        [Protocol::Tcp(port), rest @ ..] | [Protocol::Udp(port), Protocol::QuicV1, rest @ ..] => (*port, rest),
        [Protocol::Udp(_), Protocol::Quic, ..] => return Err("its version of QUIC is out of use: write /quic-v1"),
        [Protocol::Udp(_), ..] => return Err("over UDP only QUIC is spoken: write /udp/4400/quic-v1"),
        [other, ..] => return Err(strange(other)),
        [] => return Err("it names no port: add /tcp/4400 or /udp/4400/quic-v1"),
    };
    if port == 0 && !any { Err("port 0 is none that can be dialled") } else { Ok(rest) }
}

/// A peer's name, and behind a relay's name the circuit and the name of whom it leads to.
fn check_end(parts: &[Protocol<'_>]) -> Result<(), &'static str> {
    match parts {
        [] | [Protocol::P2p(_)] | [Protocol::P2p(_), Protocol::P2pCircuit, Protocol::P2p(_)] => Ok(()),
        [Protocol::P2p(_), Protocol::P2pCircuit] => Err("it leads to a relay and no further: add /p2p/… of the node behind it"),
        [Protocol::P2pCircuit, ..] => Err("the relay has no name: put its /p2p/… before /p2p-circuit"),
        [Protocol::P2p(_), ..] => Err("something follows the name of the peer"),
        [other, ..] => Err(strange(other)),
    }
}

/// Why this build does not speak it.
fn strange(part: &Protocol<'_>) -> &'static str {
    match part {
        Protocol::Ws(_) | Protocol::Wss(_) | Protocol::Tls | Protocol::Http | Protocol::Https => {
            "websockets are not spoken: use TCP without them, or QUIC"
        }
        Protocol::WebRTC | Protocol::WebRTCDirect | Protocol::WebTransport => "browsers' transports are not spoken: use TCP or QUIC",
        Protocol::Onion(_, _) | Protocol::Onion3(_) => "onion services are not spoken: use TCP or QUIC",
        Protocol::Unix(_) | Protocol::Memory(_) => "it is no address of a network",
        Protocol::Ip6zone(_) => "zones are not spoken: use an address without one",
        Protocol::P2p(_) => "it names a peer and no place: put an IP address or a name, and a port, before it",
        _ => "only TCP and QUIC over IPv4 and IPv6 are spoken",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_has_its_scope() {
        for (ip, expected) in [
            ("8.8.8.8", Scope::Global),
            ("10.255.0.1", Scope::Private),
            ("172.15.255.255", Scope::Global),
            ("172.16.0.1", Scope::Private),
            ("172.32.0.1", Scope::Global),
            ("192.168.178.20", Scope::Private),
            ("100.63.255.255", Scope::Global),
            ("100.64.0.1", Scope::Shared),
            ("100.128.0.0", Scope::Global),
            ("127.8.8.8", Scope::Loopback),
            ("169.254.1.1", Scope::Link),
            ("0.0.0.0", Scope::Nowhere),
            ("192.0.2.7", Scope::Documentation),
            ("198.19.255.1", Scope::Nowhere),
            ("203.0.113.7", Scope::Documentation),
            ("224.0.0.251", Scope::Nowhere),
            ("255.255.255.255", Scope::Nowhere),
            ("::1", Scope::Loopback),
            ("::", Scope::Nowhere),
            ("fd00::1", Scope::Private),
            ("fe80::1", Scope::Link),
            ("ff02::fb", Scope::Nowhere),
            ("2001:db8::7", Scope::Documentation),
            ("2001::1", Scope::Nowhere),
            ("3fff::1", Scope::Documentation),
            ("2a00:1450::1", Scope::Global),
            ("::ffff:127.0.0.1", Scope::Loopback),
            ("::ffff:8.8.8.8", Scope::Global),
            ("64:ff9b::10.0.0.1", Scope::Private),
            ("2002:7f00:1::1", Scope::Loopback),
        ] {
            assert_eq!(scope(ip.parse().unwrap()), expected, "{ip}");
        }
    }

    #[test]
    fn neighbours_share_a_network() {
        for (one, other, expected) in [
            ("192.168.1.2", "192.168.77.3", true),
            ("192.168.1.2", "10.0.0.1", false),
            ("10.1.2.3", "10.2.2.3", false),
            ("169.254.1.1", "169.254.200.1", true),
            ("203.0.113.1", "198.51.100.1", true),
            ("fd12:3456:789a::1", "fd12:3456:789a:7::2", true),
            ("fd12:3456:789a::1", "fd12:3456:789b::1", false),
            ("::ffff:10.1.0.1", "10.1.0.2", true),
        ] {
            assert_eq!(are_neighbours(one.parse().unwrap(), other.parse().unwrap()), expected, "{one} {other}");
        }
    }

    const PEER: &str = "12D3KooWJBzvFnsewbwWukhVdDace6zqYGLp6D3Db8kWSv2Cs35S";

    fn check(cases: &[(&str, &str)], rule: fn(&Multiaddr) -> Result<(), &'static str>) {
        for (text, wanted) in cases {
            let text = text.replace("PEER", PEER);
            let told = rule(&text.parse().unwrap_or_else(|_| panic!("{text}"))).err().unwrap_or("");
            assert!(if wanted.is_empty() { told.is_empty() } else { told.contains(wanted) }, "{text}: {told:?}, not {wanted:?}");
        }
    }

    #[test]
    fn what_cannot_be_dialled_is_refused_with_the_reason() {
        let cases = [
            ("/ip4/127.0.0.1/tcp/4400", ""),
            ("/ip6/::1/tcp/1/p2p/PEER", ""),
            ("/ip4/8.8.8.8/udp/4400/quic-v1/p2p/PEER", ""),
            ("/dns4/node.example/tcp/4400", ""),
            ("/dns/node.example/udp/4400/quic-v1", ""),
            ("/dnsaddr/boot.example/p2p/PEER", ""),
            ("/ip4/8.8.8.8/tcp/4400/p2p/PEER/p2p-circuit/p2p/PEER", ""),
            ("/ip4/8.8.8.8/tcp/4400/p2p/PEER/p2p-circuit", "no further"),
            ("/ip4/8.8.8.8/tcp/4400/p2p-circuit/p2p/PEER", "relay has no name"),
            ("/ip4/127.0.0.1/tcp/0", "port 0"),
            ("/ip4/0.0.0.0/tcp/4400", "all addresses"),
            ("/ip4/127.0.0.1/udp/4400", "only QUIC"),
            ("/ip4/127.0.0.1/udp/4400/quic", "out of use"),
            ("/ip4/127.0.0.1/tcp/4400/ws", "websockets"),
            ("/ip4/127.0.0.1/udp/4400/webrtc-direct", "only QUIC"),
            ("/ip4/127.0.0.1/udp/4400/quic-v1/webtransport", "browsers"),
            ("/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:1234", "onion"),
            ("/ip4/127.0.0.1", "no port"),
            ("/dns4/not%20a%20name/tcp/1", "name"),
            ("/p2p/PEER", "no place"),
            ("/unix/tmp", "no address of a network"),
            ("/ip4/8.8.8.8/tcp/4400/p2p/PEER/p2p/PEER", "follows the name"),
        ];
        check(&cases, check_dial);
        assert!(check_dial(&Multiaddr::empty()).is_err());
    }

    #[test]
    fn what_cannot_be_listened_on_or_announced_is_refused_with_the_reason() {
        let listen = [
            ("/ip4/0.0.0.0/tcp/0", ""),
            ("/ip6/::/udp/0/quic-v1", ""),
            ("/dns4/node.example/tcp/4400", "`external`"),
            ("/ip4/127.0.0.1/tcp/1/p2p/PEER", "leave /p2p"),
            ("/ip4/127.0.0.1/tcp/1/ws", "websockets"),
            ("/ip4/127.0.0.1/udp/1", "only QUIC"),
        ];
        check(&listen, check_listen);
        let external = [("/dns4/node.example/tcp/4400", ""), ("/ip4/192.168.0.7/tcp/4400", ""), ("/ip4/224.0.0.7/tcp/4400", "nobody has")];
        check(&external, check_external);
    }
}
