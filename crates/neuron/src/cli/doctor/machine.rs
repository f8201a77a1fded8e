//! What this machine has: room on the disk, ports.

use std::{
    fs::File,
    io,
    net::{TcpListener, UdpSocket},
    path::Path,
};

use node::system;

/// Bytes that may still be written into a folder, there or not; none where the system does not tell.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let existing = folder.ancestors().find(|folder| folder.exists()).filter(|folder| !folder.as_os_str().is_empty());
    system::disk(existing.unwrap_or(Path::new("."))).map(|(free, _)| free)
}

/// Whether a program holds a data folder; it is not made.
pub fn is_in_use(folder: &Path) -> bool {
    File::open(folder.join("node.lock")).is_ok_and(|file| file.try_lock().is_err())
}

/// Whether somebody listens on an address already.
pub fn is_taken(address: &str) -> bool {
    match place_of(address) {
        Some((host, port, true)) => is_refused(TcpListener::bind((host, port)).err()),
        Some((host, port, false)) => is_refused(UdpSocket::bind((host, port)).err()),
        None => false,
    }
}

fn is_refused(error: Option<io::Error>) -> bool {
    error.is_some_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// Host, port, and whether it is TCP; none for port 0, which the system chooses.
fn place_of(address: &str) -> Option<(&str, u16, bool)> {
    let mut parts = address.split('/').skip(1);
    let (kind, host, transport, port) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?.parse().ok()?);
    let is_tcp = match transport {
        "tcp" => true,
        "udp" => false,
        _ => return None,
    };
    (matches!(kind, "ip4" | "ip6") && port != 0).then_some((host, port, is_tcp))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_taken_while_somebody_listens_on_it() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let address = format!("/ip4/127.0.0.1/tcp/{port}");
        assert!(is_taken(&address));
        drop(listener);
        assert!(!is_taken(&address));
        for odd in ["", "/ip4/127.0.0.1", "/ip4/127.0.0.1/tcp/0", "/dns4/node.example/tcp/1", "/ip4/127.0.0.1/sctp/1"] {
            assert!(!is_taken(odd), "{odd}");
        }
    }

    #[test]
    fn a_folder_is_in_use_while_its_lock_is_held() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(!is_in_use(folder.path()));
        let held = node::lock::lock(folder.path()).expect("taken");
        assert!(is_in_use(folder.path()));
        drop(held);
        assert!(!is_in_use(folder.path()));
    }
}
