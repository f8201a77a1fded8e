//! A TUN device: a network card whose wire is a file of this process.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::{AsFd, BorrowedFd},
    thread,
};

use anyhow::{Context, Result};
use rustix::{
    fs::{Mode, OFlags, open},
    ioctl::{Updater, ioctl, opcode},
};

use crate::{
    packet::PACKET_BYTES_MAX,
    space::{self, Space},
};

/// Its name in the namespace.
pub const NAME: &str = "wire";
/// Packets that the kernel keeps for this process to read.
const QUEUE: u32 = 8_192;

/// `TUNSETIFF` of `<linux/if_tun.h>`.
const SET_DEVICE: rustix::ioctl::Opcode = opcode::write::<core::ffi::c_int>(b'T', 202);
/// Packets of IP, nothing before them.
const FLAGS: u16 = 0x0001 | 0x1000;

/// `struct ifreq` of `<linux/if.h>`, as `TUNSETIFF` reads and writes it.
#[repr(C)]
struct Request {
    name: [u8; 16],
    flags: u16,
    rest: [u8; 22],
}

/// The other end of a host's network card. The device is gone when this is dropped.
pub struct Tun(File);

impl Tun {
    /// Makes the device in a namespace, with this address of its own and everything else behind it.
    ///
    /// # Errors
    /// When this process may make none, or `ip` refuses.
    pub fn make(space: &Space, address: std::net::Ipv4Addr) -> Result<Self> {
        // A device belongs to the namespace of the thread that opens it.
        let file = thread::scope(|scope| scope.spawn(|| space::enter(space.name()).and_then(|()| device())).join());
        let file = file.unwrap_or_else(|_| anyhow::bail!("making a TUN device ended unexpectedly"))?;
        space.ip(&format!("address add {address}/32 dev {NAME}"))?;
        space.ip(&format!("link set {NAME} mtu {PACKET_BYTES_MAX} txqueuelen {QUEUE} up"))?;
        space.ip(&format!("route add default dev {NAME} src {address}"))?;
        Ok(Self(file))
    }

    /// The next packet that the host sends, if there is one now.
    pub fn read(&mut self) -> Option<Vec<u8>> {
        let mut packet = vec![0; PACKET_BYTES_MAX];
        let length = self.0.read(&mut packet).ok()?;
        packet.truncate(length);
        Some(packet)
    }

    /// Gives the host a packet, whole or not at all. What its kernel does not take is lost, as on any wire.
    pub fn write(&mut self, packet: &[u8]) {
        _ = self.0.write_all(packet);
    }
}

impl AsFd for Tun {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A device in the namespace of the calling thread.
fn device() -> Result<File> {
    let file =
        open("/dev/net/tun", OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty()).context("cannot open /dev/net/tun")?;
    let mut request = Request { name: [0; 16], flags: FLAGS, rest: [0; 22] };
    request.name[..NAME.len()].copy_from_slice(NAME.as_bytes());
    // SAFETY: TUNSETIFF reads and writes one `ifreq`, which is forty bytes on all 64-bit Linux, and keeps no pointer to it.
    unsafe { ioctl(&file, Updater::<SET_DEVICE, Request>::new(&mut request)) }.context("cannot make a TUN device")?;
    Ok(file.into())
}
