//! Runs two commands on two hosts of their own, with wires of some length and loss between them, and tells what went over these.
//!
//! `two_hosts --round-trip-ms 50 --loss-percent 1 'COMMAND' 'COMMAND'`: each is run by a shell on its host, with its own address in
//! `NEURON_OWN` and that of the other in `NEURON_OTHER`. When the second ends the first is ended too; the status is the second's.

use std::process::ExitCode;

use anyhow::Result;

#[cfg(target_os = "linux")]
fn main() -> Result<ExitCode> {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> Result<ExitCode> {
    anyhow::bail!("hosts of their own are made on Linux only: run it there")
}

#[cfg(target_os = "linux")]
mod linux {
    use std::process::{Child, ExitCode, Stdio};

    use anyhow::{Context, Result, ensure};
    use clap::Parser;
    use serde_json::json;
    use wires::{Host, Internet, Weather, check_needs};

    /// Two commands on two hosts.
    #[derive(Parser)]
    #[command(name = "two_hosts")]
    struct Arguments {
        /// From one host to the other and back, milliseconds.
        #[arg(long, default_value_t = 50.0)]
        round_trip_ms: f64,
        /// Of a hundred packets so many are lost, each way.
        #[arg(long, default_value_t = 1.0)]
        loss_percent: f64,
        /// From this losses are drawn.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Runs on the first host until the second one's command has ended.
        first: String,
        /// Runs on the second host.
        second: String,
    }

    /// Ended with its guard.
    struct Running(Child);

    impl Drop for Running {
        fn drop(&mut self) {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }

    pub fn main() -> Result<ExitCode> {
        let Arguments { round_trip_ms, loss_percent, seed, first, second } = Arguments::parse();
        ensure!((0.0..=10_000.0).contains(&round_trip_ms), "--round-trip-ms must be 0 to 10000");
        ensure!((0.0..=100.0).contains(&loss_percent), "--loss-percent must be 0 to 100");
        check_needs().map_err(anyhow::Error::msg)?;
        let way_us = (round_trip_ms * 500.0) as u64;
        let weather = Weather { delay_us: (way_us, way_us), jitter_us: 0, loss_ppm: (loss_percent * 10_000.0) as u32 };
        let internet = Internet::open(seed, weather, &["first", "second"], &[])?;
        let (one, other) = (internet.host("first")?, internet.host("second")?);
        let _first = start(one, other, &first)?;
        let status = start(other, one, &second)?.0.wait()?;
        let (there, back, all) = {
            let net = internet.net();
            (net.counts_between(one.address, other.address), net.counts_between(other.address, one.address), net.counts())
        };
        let told = json!({
            "to_second_bytes": there.arrived_bytes, "to_first_bytes": back.arrived_bytes,
            "sent": all.sent, "arrived": all.arrived, "lost": all.lost, "full": all.full,
        });
        eprintln!("{told}");
        Ok(ExitCode::from(status.code().unwrap_or(1) as u8))
    }

    fn start(own: &Host, other: &Host, command: &str) -> Result<Running> {
        let mut shell = own.command("sh");
        shell.args(["-c", command]).env("NEURON_OWN", own.address.to_string()).env("NEURON_OTHER", other.address.to_string());
        Ok(Running(shell.stdin(Stdio::null()).spawn().with_context(|| format!("cannot run {command}"))?))
    }
}
