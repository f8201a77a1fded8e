//! Ways to others: TCP and QUIC, names, and circuits through relays; every dial passes the gate, every byte the caps.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::timeout::{TransportTimeout, TransportTimeoutError};
use libp2p::core::transport::{Boxed, DialOpts, ListenerId, TransportError, TransportEvent};
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::{Multiaddr, PeerId, Transport, dns, noise, quic, relay, tcp, yamux};

use crate::error::SwarmError;
use crate::gate::Gate;
use crate::throttle::{Caps, Muxer};

/// Whoever has not said by then who he is, is let go.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(8);
/// The same through a relay, which has to dial first.
const CIRCUIT_TIME: Duration = Duration::from_secs(20);
/// Bytes in flight on one stream, and on one connection, of QUIC.
const QUIC_STREAM_BYTES: u32 = 4 << 20;
const QUIC_CONNECTION_BYTES: u32 = 8 << 20;
/// Streams that a peer may have open on one connection of QUIC.
const QUIC_STREAMS_MAX: u32 = 256;
/// A connection of QUIC on which nothing comes is gone.
const QUIC_IDLE_MS: u32 = 30_000;

/// A connection: who is at the other end, and its streams.
type Connected = (PeerId, StreamMuxerBox);

/// All transports of a node as one, and the side of circuits that the swarm drives.
///
/// # Errors
/// `Setup`, if the key is none that noise takes.
pub fn build(key: &Keypair, gate: &Arc<Gate>, caps: Caps) -> Result<(Boxed<Connected>, relay::client::Behaviour), SwarmError> {
    let gated = || Ok::<_, SwarmError>(Gated { inner: direct(key)?, gate: gate.clone(), caps: caps.clone() });
    let named = match dns::tokio::Transport::system(gated()?) {
        Ok(named) => named,
        Err(error) => {
            tracing::warn!(%error, "the system names no servers for names: addresses with names cannot be dialled");
            dns::tokio::Transport::custom(gated()?, dns::ResolverConfig::default(), dns::ResolverOpts::default())
        }
    };
    let (circuits, behaviour) = relay::client::new(key.public().to_peer_id());
    let noise = noise::Config::new(key).map_err(setup)?;
    let circuits = circuits.upgrade(Version::V1Lazy).authenticate(noise).multiplex(yamux::Config::default());
    let circuits = TransportTimeout::new(circuits, CIRCUIT_TIME).map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)));
    let all = circuits.map_err(timed).or_transport(named.map_err(plain));
    Ok((all.map(|output, _| output.into_inner()).map_err(|error| error.into_inner()).boxed(), behaviour))
}

/// TCP with noise and yamux, and QUIC, each with a time for the handshake.
fn direct(key: &Keypair) -> Result<Boxed<Connected>, SwarmError> {
    let noise = noise::Config::new(key).map_err(setup)?;
    let tcp = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));
    let tcp = tcp.upgrade(Version::V1Lazy).authenticate(noise).multiplex(yamux::Config::default());
    let tcp = TransportTimeout::new(tcp, HANDSHAKE_TIME).map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)));
    let quic = quic::tokio::Transport::new(quic_config(key)).map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)));
    let both = tcp.map_err(timed).or_transport(quic.map_err(of_quic));
    Ok(both.map(|output, _| output.into_inner()).map_err(|error| error.into_inner()).boxed())
}

/// QUIC with windows that 128 connections can have at a time.
fn quic_config(key: &Keypair) -> quic::Config {
    let mut config = quic::Config::new(key);
    config.handshake_timeout = HANDSHAKE_TIME;
    config.max_idle_timeout = QUIC_IDLE_MS;
    config.max_stream_data = QUIC_STREAM_BYTES;
    config.max_connection_data = QUIC_CONNECTION_BYTES;
    config.max_concurrent_stream_limit = QUIC_STREAMS_MAX;
    config
}

/// An error, or that the time of a handshake was over.
fn timed<E: std::error::Error + Send + Sync + 'static>(error: TransportTimeoutError<E>) -> io::Error {
    match error {
        TransportTimeoutError::Timeout => ErrorKind::TimedOut.into(),
        other => io::Error::other(other),
    }
}

/// The same of QUIC, which has its own time.
fn of_quic(error: quic::Error) -> io::Error {
    match error {
        quic::Error::HandshakeTimedOut => ErrorKind::TimedOut.into(),
        other => io::Error::other(other),
    }
}

fn setup(error: impl std::fmt::Display) -> SwarmError {
    SwarmError::Setup(error.to_string())
}

/// What resolving and dialling came to, as one error that keeps its kind: `NotFound` is a name that did not resolve.
fn plain(error: dns::Error<io::Error>) -> io::Error {
    match error {
        dns::Error::Transport(error) => error,
        dns::Error::Dial(errors) => {
            let mut errors: Vec<io::Error> = errors.into_iter().map(plain).collect();
            let reached = errors.iter().rposition(|error| error.kind() != ErrorKind::NotFound);
            let last = reached.or(errors.len().checked_sub(1)).map(|last| errors.swap_remove(last));
            last.unwrap_or_else(|| ErrorKind::NotFound.into())
        }
        dns::Error::MultiaddrNotSupported(address) => io::Error::new(ErrorKind::Unsupported, address.to_string()),
        error @ (dns::Error::ResolveError(_) | dns::Error::TooManyLookups) => io::Error::new(ErrorKind::NotFound, error.to_string()),
    }
}

/// What kept a dial from coming through, for people.
pub fn words(error: &TransportError<io::Error>) -> String {
    let TransportError::Other(error) = error else { return "it is not spoken here".into() };
    let innermost = innermost(error);
    match kind(innermost) {
        ErrorKind::NotFound => "the name does not resolve: check it, and the name server of this machine".into(),
        ErrorKind::TimedOut => "nobody answers: the machine is off, or a firewall is before it".into(),
        ErrorKind::ConnectionRefused => "nobody listens there: the node is not running, or has another port".into(),
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => "no way leads there: check this machine's network".into(),
        ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => {
            "the connection was closed at once: another program may listen there, or its places are taken".into()
        }
        _ => innermost.to_string(),
    }
}

/// The kind of an error; of one whose layers keep nothing of the inner one but its text, by that.
fn kind(error: &io::Error) -> ErrorKind {
    if error.kind() != ErrorKind::Other {
        return error.kind();
    }
    let text = error.to_string().to_lowercase();
    let known = KINDS.iter().find(|(part, _)| text.contains(part));
    known.map_or(ErrorKind::Other, |(_, kind)| *kind)
}

/// Words of systems and libraries for what can go wrong.
const KINDS: [(&str, ErrorKind); 7] = [
    ("connection refused", ErrorKind::ConnectionRefused),
    ("timed out", ErrorKind::TimedOut),
    ("timeout", ErrorKind::TimedOut),
    ("unreachable", ErrorKind::NetworkUnreachable),
    ("no route", ErrorKind::NetworkUnreachable),
    ("reset by peer", ErrorKind::ConnectionReset),
    ("end of file", ErrorKind::UnexpectedEof),
];

/// Layers of a transport wrap one another's errors; the innermost knows the kind.
fn innermost(error: &io::Error) -> &io::Error {
    let mut source = error.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static));
    let mut last = error;
    while let Some(inner) = source {
        if let Some(found) = inner.downcast_ref::<io::Error>() {
            last = found;
        }
        source = match inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(boxed) => Some(boxed as &(dyn std::error::Error + 'static)),
            None => inner.source(),
        };
    }
    last
}

/// The direct transports behind the gate, their streams under the caps.
struct Gated {
    inner: Boxed<Connected>,
    gate: Arc<Gate>,
    caps: Caps,
}

/// A connection that is being made.
type Making = Pin<Box<dyn Future<Output = io::Result<Connected>> + Send>>;

impl Gated {
    /// The same connection under the caps.
    fn capped(&self, making: Making) -> Making {
        let caps = self.caps.clone();
        making.map(|made| made.map(|(peer, muxer)| (peer, StreamMuxerBox::new(Muxer::new(muxer, caps))))).boxed()
    }
}

impl Transport for Gated {
    type Output = Connected;
    type Error = io::Error;
    type ListenerUpgrade = Making;
    type Dial = Making;

    fn listen_on(&mut self, id: ListenerId, address: Multiaddr) -> Result<(), TransportError<io::Error>> {
        self.inner.listen_on(id, address)
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.inner.remove_listener(id)
    }

    fn dial(&mut self, address: Multiaddr, options: DialOpts) -> Result<Making, TransportError<io::Error>> {
        let refused = |refusal| TransportError::Other(io::Error::new(ErrorKind::PermissionDenied, refusal));
        self.gate.may_dial(&address).map_err(refused)?;
        let (gate, dial) = (self.gate.clone(), self.inner.dial(address.clone(), options)?);
        let dial = dial
            .inspect(move |made| {
                if made.is_ok() {
                    gate.answered(&address)
                }
            })
            .boxed();
        Ok(self.capped(dial))
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<TransportEvent<Making, io::Error>> {
        let event = Pin::new(&mut self.inner).poll(cx);
        event.map(|event| event.map_upgrade(|upgrade| self.capped(upgrade)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_told_in_words_whatever_wraps_it() {
        let wrapped = |kind: ErrorKind| io::Error::other(io::Error::other(io::Error::from(kind)));
        for (kind, wanted) in [
            (ErrorKind::NotFound, "does not resolve"),
            (ErrorKind::TimedOut, "nobody answers"),
            (ErrorKind::ConnectionRefused, "nobody listens"),
            (ErrorKind::NetworkUnreachable, "no way"),
        ] {
            let told = words(&TransportError::Other(wrapped(kind)));
            assert!(told.contains(wanted), "{told}");
        }
        let resolve = dns::Error::Dial(vec![dns::Error::TooManyLookups, dns::Error::Transport(ErrorKind::ConnectionRefused.into())]);
        assert_eq!(plain(resolve).kind(), ErrorKind::ConnectionRefused, "a name that resolves and where nobody listens");
        assert_eq!(plain(dns::Error::Dial(vec![dns::Error::TooManyLookups])).kind(), ErrorKind::NotFound);
    }
}
