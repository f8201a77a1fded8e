//! Programs on hosts of their own hear one another through wires, and those behind a router only whom they have spoken to.
#![cfg(target_os = "linux")]

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use wires::{Host, Internet, Weather, or_skip};

const PORT: u16 = 4400;
/// Time for a connection that comes about.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longer nobody waits for one that does not.
const SHORT: Duration = Duration::from_millis(600);
const DELAY: Weather = Weather { delay_us: (25_000, 25_000), jitter_us: 0, loss_ppm: 0 };

/// Repeats what each caller says, for so many callers.
fn echo(host: &Host, callers: usize) -> Result<thread::JoinHandle<Vec<SocketAddr>>> {
    let listener = host.run(|| Ok(TcpListener::bind(("0.0.0.0", PORT))?))?;
    Ok(thread::spawn(move || listener.incoming().take(callers).filter_map(|stream| repeat(stream.ok()?).ok()).collect()))
}

fn repeat(mut stream: TcpStream) -> Result<SocketAddr> {
    let mut bytes = [0; 4];
    stream.read_exact(&mut bytes)?;
    stream.write_all(&bytes)?;
    Ok(stream.peer_addr()?)
}

/// Says something to whoever listens there, and waits until it is repeated.
fn call(from: &Host, to: &Host, patience: Duration) -> Result<Duration> {
    from.run(|| {
        let start = Instant::now();
        let mut stream = TcpStream::connect_timeout(&(to.address, PORT).into(), patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.write_all(b"here")?;
        let mut bytes = [0; 4];
        stream.read_exact(&mut bytes)?;
        ensure!(&bytes == b"here", "{bytes:?}");
        Ok(start.elapsed())
    })
}

fn is_silent(called: Result<Duration>) -> bool {
    let kind = |error: anyhow::Error| error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    called.is_err_and(|error| matches!(kind(error), Some(ErrorKind::TimedOut | ErrorKind::WouldBlock)))
}

#[test]
fn a_call_takes_as_long_as_the_wires_are_and_comes_through_when_packets_are_lost() -> Result<()> {
    if !or_skip() {
        return Ok(());
    }
    let internet = Internet::open(1, DELAY, &["one", "other"], &[])?;
    let (one, other) = (internet.host("one")?, internet.host("other")?);
    let listening = echo(other, 11)?;
    let took = call(one, other, PATIENCE)?;
    // A round trip for the connection, and one for what is said.
    ensure!((100..2_000).contains(&took.as_millis()), "{took:?}");
    internet.net().weather.loss_ppm = 100_000;
    for _ in 0..10 {
        call(one, other, PATIENCE)?;
    }
    let counts = internet.net().counts();
    ensure!(counts.lost > 0 && counts.arrived > 20 && counts.full == 0, "{counts:?}");
    let callers = listening.join().ok().context("it listens")?;
    ensure!(callers.len() == 11 && callers.iter().all(|caller| caller.ip() == one.address), "{callers:?}");
    Ok(())
}

#[test]
fn who_is_parted_is_silent_until_it_is_healed() -> Result<()> {
    if !or_skip() {
        return Ok(());
    }
    let internet = Internet::open(1, Weather::CALM, &["one", "other", "third"], &[])?;
    let (one, other, third) = (internet.host("one")?, internet.host("other")?, internet.host("third")?);
    let listening = echo(other, 2)?;
    internet.part(&[&["one"], &["other", "third"]])?;
    ensure!(is_silent(call(one, other, SHORT)), "it was heard");
    call(third, other, PATIENCE)?;
    ensure!(internet.net().counts_between(one.address, other.address).cut > 0);
    internet.heal();
    call(one, other, PATIENCE)?;
    drop(listening.join());
    Ok(())
}

#[test]
fn who_stands_behind_a_router_reaches_others_and_is_not_reached() -> Result<()> {
    if !or_skip() {
        return Ok(());
    }
    let internet = Internet::open(1, Weather::CALM, &["open"], &["home", "other-home"])?;
    let (open, home, other) = (internet.host("open")?, internet.host("home")?, internet.host("other-home")?);
    let (outside, inside) = (echo(open, 2)?, echo(home, 1)?);
    for caller in [home, other] {
        call(caller, open, PATIENCE)?;
    }
    let callers: Vec<_> = outside.join().ok().context("it listens")?.iter().map(SocketAddr::ip).collect();
    ensure!(callers == [home.address, other.address], "{callers:?}");
    for caller in [open, other] {
        ensure!(is_silent(call(caller, home, SHORT)), "{} was let in", caller.name);
    }
    ensure!(!inside.is_finished(), "somebody came in");
    Ok(())
}

#[test]
fn with_an_internet_its_hosts_end_and_what_runs_on_them() -> Result<()> {
    if !or_skip() {
        return Ok(());
    }
    let internet = Internet::open(1, Weather::CALM, &["one"], &["home"])?;
    let mut sleepers = Vec::new();
    for host in internet.hosts() {
        sleepers.push(host.command("sleep").arg("600").spawn()?);
    }
    let spaces: Vec<String> = internet.hosts().iter().filter_map(|host| host.words().pop()).collect();
    let exists = |name: &String| Path::new("/run/netns").join(name).exists();
    ensure!(spaces.iter().all(exists), "{spaces:?}");
    // The program has taken the command's place by now, in its namespace.
    thread::sleep(SHORT);
    drop(internet);
    ensure!(!spaces.iter().any(exists), "{spaces:?} stay");
    for mut sleeper in sleepers {
        ensure!(!sleeper.wait()?.success(), "it was not ended");
    }
    Ok(())
}
