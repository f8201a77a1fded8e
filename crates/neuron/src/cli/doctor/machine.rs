//! What this machine has: room on the disk, memory, ports.

use std::{
    fs::{self, File},
    io,
    net::{TcpListener, UdpSocket},
    path::Path,
};

/// Bytes that may still be written into a folder.
///
/// # Errors
/// When the system does not tell.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let existing = folder.ancestors().find(|folder| folder.exists()).filter(|folder| !folder.as_os_str().is_empty());
    let told = rustix::fs::statvfs(existing.unwrap_or(Path::new(".")))?;
    Ok(told.f_bavail.saturating_mul(told.f_frsize))
}

/// Bytes of memory that programs may still take, where the system tells.
pub fn available_bytes() -> Option<u64> {
    available_in(&fs::read_to_string("/proc/meminfo").ok()?)
}

fn available_in(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1_024)
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
    fn available_memory_is_read_from_what_linux_tells() {
        for (text, bytes) in [
            ("MemTotal:       16 kB\nMemAvailable:    2 kB\n", Some(2_048)),
            ("MemTotal:       16 kB\n", None),
            ("MemAvailable: many kB\n", None),
            ("MemAvailable: 2 MB\n", None),
        ] {
            assert_eq!(available_in(text), bytes, "{text}");
        }
    }

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
