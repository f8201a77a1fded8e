//! Measures files and logs beside Kubo, in processes of their own; each measurement is a line of JSON. `cargo xtask bench network` runs it and
//! tells what is to be reached.
//!
//! `near MIB TURNS FOLDER`: a file is added, and fetched by another node over loopback, ours and Kubo by turns. `far MIB TURNS FOLDER TWO_HOSTS`: fetched
//! between two hosts, 50 ms of round trip and 1 % loss. `log COUNT`, `verdict COUNT`, `start COUNT`: see `logs`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that cannot go on shall panic")]

mod files;
mod kubo;
mod logs;
mod pairs;
#[path = "../../tests/others/programs.rs"]
#[allow(dead_code, reason = "each program that includes this file asks for what it needs")]
mod programs;

use std::env;
use std::path::Path;

use tokio::runtime::Runtime;

fn main() {
    // `cargo test` and `cargo bench` add their own.
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = Runtime::new().unwrap();
    match arguments[..] {
        ["near", mib, turns, folder] => pairs::near(mib, number(turns), Path::new(folder)),
        ["far", mib, turns, folder, two_hosts] => pairs::far(mib, number(turns), Path::new(folder), two_hosts),
        ["log", count] => runtime.block_on(logs::log(number(count))),
        ["verdict", count] => runtime.block_on(logs::verdict(number(count))),
        ["start", count] => runtime.block_on(logs::read(number(count))),
        ["kubo"] => println!("{}", runtime.block_on(programs::kubo()).map(|path| path.display().to_string()).unwrap_or_default()),
        ["ours", "hold", folder, host, mib] => runtime.block_on(files::hold(Path::new(folder), host, number(mib))),
        ["ours", "fetch", folder, host, holder] => runtime.block_on(files::fetch(Path::new(folder), host, Path::new(holder))),
        ["kubo", "hold", folder, host, mib] => kubo::hold(Path::new(folder), host, number(mib)),
        ["kubo", "fetch", folder, host, holder] => kubo::fetch(Path::new(folder), host, Path::new(holder)),
        _ => println!("say near, far, log, verdict or start, and how many: see `cargo xtask bench network`"),
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap()
}
