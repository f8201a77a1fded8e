//! The processes of commands wherever they went: each has in its environment where the result of its run goes.

use std::path::Path;

/// The variable that names where the result goes.
pub const OUTPUT: &str = "NEURON_OUTPUT";

/// Ends every process whose result was to lie below a folder, also such as have left their group: known by their environment.
#[cfg(target_os = "linux")]
pub fn end_below(folder: &Path) {
    // While they are looked at they may make others.
    const LOOKS: usize = 8;
    (0..LOOKS).take_while(|_| linux::end_once(folder) > 0).for_each(drop);
}

/// Elsewhere only the group is known.
#[cfg(not(target_os = "linux"))]
pub fn end_below(_folder: &Path) {}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        fs::{self, File},
        io::Read as _,
        os::unix::ffi::OsStrExt as _,
        path::Path,
        process,
    };

    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    use super::OUTPUT;

    /// The most that is read of the environment of a process, bytes.
    const ENVIRONMENT_MAX: u64 = 4 << 20;

    /// How many were ended.
    pub fn end_once(folder: &Path) -> usize {
        let mark = [OUTPUT.as_bytes(), b"=", folder.as_os_str().as_bytes(), b"/"].concat();
        let Ok(processes) = fs::read_dir("/proc") else { return 0 };
        let numbers = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers.filter(|number| *number != process::id() as i32 && end(*number, &mark).is_some()).count()
    }

    /// The process is taken hold of before it is looked at: a later one with its number is never meant.
    fn end(number: i32, mark: &[u8]) -> Option<()> {
        let held = pidfd_open(Pid::from_raw(number)?, PidfdFlags::empty()).ok()?;
        let mut environment = Vec::new();
        File::open(format!("/proc/{number}/environ")).ok()?.take(ENVIRONMENT_MAX).read_to_end(&mut environment).ok()?;
        let is_marked = environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(mark));
        is_marked.then(|| pidfd_send_signal(held, Signal::KILL).ok()).flatten()
    }
}
