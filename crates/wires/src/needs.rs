//! What a machine needs for hosts of their own, and what installs it.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::{internet::Internet, weather::Weather};

/// Programs, and the packages of Debian and Ubuntu that install them.
const PROGRAMS: [(&str, &str, &str); 2] = [("ip", "-V", "iproute2"), ("nft", "--version", "nftables")];
/// Set where tests run that nobody watches.
const CI: &str = "CI";

/// What is missing here for hosts of their own, in one line with what to do about it.
///
/// # Errors
/// When something is.
pub fn check() -> Result<(), String> {
    if !rustix::process::geteuid().is_root() {
        return Err("the right to make network namespaces is missing: run it as root".to_owned());
    }
    let starts = |program: &str, word: &str| Command::new(program).arg(word).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if let Some((program, _, package)) = PROGRAMS.iter().find(|(program, word, _)| !starts(program, word)) {
        return Err(format!("the program {program} is missing: install it with `apt-get install {package}`"));
    }
    if !Path::new("/dev/net/tun").exists() {
        return Err("/dev/net/tun is missing: load the module with `modprobe tun`, or give the container the device".to_owned());
    }
    let tried = Internet::open(0, Weather::CALM, &[], &["tried"]).map(drop);
    tried.map_err(|error| format!("this machine makes no hosts of their own, allow it CAP_NET_ADMIN and CAP_SYS_ADMIN: {error:#}"))
}

/// Whether a test that needs them can go on. Where something is missing it says so aloud, and that the test is skipped.
///
/// # Panics
/// With the same words where `CI` is set: there no such test is skipped.
pub fn or_skip() -> bool {
    let Err(missing) = check() else { return true };
    assert!(std::env::var_os(CI).is_none(), "{missing}");
    println!("skipped, there are no hosts of their own: {missing}");
    false
}
