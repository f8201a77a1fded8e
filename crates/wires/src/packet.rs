//! What is read of a packet: who sent it, and to whom.

use std::net::Ipv4Addr;

/// Bytes of the shortest header of IPv4.
const HEADER_BYTES: usize = 20;
/// The longest packet that a wire carries, bytes.
pub const PACKET_BYTES_MAX: usize = 1500;

/// Sender and receiver of a packet of IPv4; `None` for anything else, such as what IPv6 asks when a device comes up.
pub fn addresses(packet: &[u8]) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let is_ipv4 = packet.len() >= HEADER_BYTES && packet.len() <= PACKET_BYTES_MAX && packet[0] >> 4 == 4;
    let address = |from: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(packet.get(from..from + 4)?).ok()?));
    if is_ipv4 { Some((address(12)?, address(16)?)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_headers_of_ipv4_are_read() {
        let mut packet = [0; 28];
        packet[0] = 0x45;
        packet[12..20].copy_from_slice(&[11, 1, 0, 1, 11, 2, 0, 1]);
        let read = Some((Ipv4Addr::new(11, 1, 0, 1), Ipv4Addr::new(11, 2, 0, 1)));
        let version_6 = [&[0x60], &packet[1..]].concat();
        let longest = [&packet[..], &[0; PACKET_BYTES_MAX - 28]].concat();
        let too_long = [&longest[..], &[0]].concat();
        for (bytes, wanted) in [
            (&packet[..], read),
            (&packet[..20], read),
            (&longest, read),
            (&packet[..19], None),
            (&[], None),
            (&version_6, None),
            (&too_long, None),
        ] {
            assert_eq!(addresses(bytes), wanted, "{} bytes", bytes.len());
        }
    }
}
