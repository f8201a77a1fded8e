//! What this machine has and tells: its clock, disk and memory.

use std::{
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

/// Second since 1970, by this machine's clock.
pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Bytes of a folder's disk that may still be used, and all of them; none where the system does not tell.
#[cfg(unix)]
pub fn disk(folder: &Path) -> Option<(u64, u64)> {
    let seen = rustix::fs::statvfs(folder).ok()?;
    Some((seen.f_bavail.saturating_mul(seen.f_frsize), seen.f_blocks.saturating_mul(seen.f_frsize)))
}

/// The same where it is not asked for.
#[cfg(not(unix))]
pub fn disk(_: &Path) -> Option<(u64, u64)> {
    None
}

/// Bytes of memory of this process that are in use, where the system tells them as Linux does.
pub fn resident_bytes() -> Option<u64> {
    bytes_in(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// Bytes of memory that programs may still take, where the system tells them as Linux does.
pub fn available_bytes() -> Option<u64> {
    bytes_in(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")
}

fn bytes_in(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_in_use_is_read_in_bytes_or_not_at_all() {
        for (status, wanted) in [
            ("Name:\tx\nVmPeak:\t  99 kB\nVmRSS:\t   2048 kB\n", Some(2 << 20)),
            ("VmRSS:\t   2048 MB\n", None),
            ("VmRSS:\t  18446744073709551615 kB\n", None),
            ("", None),
        ] {
            assert_eq!(bytes_in(status, "VmRSS:"), wanted, "{status:?}");
        }
    }

    #[test]
    fn available_memory_is_read_from_what_linux_tells() {
        for (text, bytes) in [
            ("MemTotal:       16 kB\nMemAvailable:    2 kB\n", Some(2_048)),
            ("MemTotal:       16 kB\n", None),
            ("MemAvailable: many kB\n", None),
            ("MemAvailable: 2 MB\n", None),
        ] {
            assert_eq!(bytes_in(text, "MemAvailable:"), bytes, "{text}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn the_disk_of_a_folder_is_seen_and_that_of_none_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let (free, all) = disk(folder.path()).expect("a disk");
        assert!(all > 0 && free <= all, "{free} of {all}");
        assert_eq!(disk(&folder.path().join("gone")), None);
    }
}
