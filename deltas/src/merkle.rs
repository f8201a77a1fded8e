//! Merkle tree hash of RFC 6962 (section 2.1) with sha2-256.
//!
//! A leaf is hashed behind a byte 0 and two hashes behind a byte 1, so that no inner node can be shown as a leaf. Of more than one
//! leaf, as many as the largest power of two below their number go to the left. The same trees name training sets
//! (PROTOCOL 11, Tree), the losses of a claim (PROTOCOL 12) and hidden examples (PROTOCOL 18).

use sha2::{Digest, Sha256};

/// Root over `leaves`, of any length each, in their order; the hash of nothing if there are none. Memory for one hash for each
/// bit of their number, whatever they are.
///
/// ```
/// let empty = deltas::merkle::root::<&[u8]>([]);
/// assert_eq!(empty[..4], [0xe3, 0xb0, 0xc4, 0x42]);
/// assert_ne!(deltas::merkle::root(["a", "b"]), deltas::merkle::root(["ab"]));
/// ```
pub fn root<L: AsRef<[u8]>>(leaves: impl IntoIterator<Item = L>) -> [u8; 32] {
    let mut peaks: Vec<[u8; 32]> = Vec::new();
    for (before, leaf) in leaves.into_iter().enumerate() {
        let mut hash = leaf_hash(leaf.as_ref());
        for _ in 0..before.trailing_ones() {
            hash = node_hash(&peaks.pop().unwrap_or_default(), &hash);
        }
        peaks.push(hash);
    }
    let from_right = peaks.into_iter().rev().reduce(|right, left| node_hash(&left, &right));
    from_right.unwrap_or_else(|| Sha256::digest([]).into())
}

/// sha256(0 ‖ leaf).
fn leaf_hash(leaf: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

/// sha256(1 ‖ left ‖ right).
fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition as the RFC writes it: split at the largest power of two below the length.
    fn plain(leaves: &[Vec<u8>]) -> [u8; 32] {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => leaf_hash(leaf),
            _ => {
                let half = leaves.len().next_power_of_two() / 2;
                node_hash(&plain(&leaves[..half]), &plain(&leaves[half..]))
            }
        }
    }

    fn check(leaves: &[&[u8]], root_hex: &str) {
        let hex: String = root(leaves).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, root_hex, "{} leaves", leaves.len());
    }

    /// Roots published with the test data of certificate-transparency.
    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let leaves: [&[u8]; 8] = [
            b"",
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        check(&[], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        check(&leaves[..1], "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        check(&leaves[..2], "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
        check(&leaves[..3], "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77");
        check(&leaves[..4], "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7");
        check(&leaves[..5], "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4");
        check(&leaves[..6], "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef");
        check(&leaves[..7], "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c");
        check(&leaves, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    }

    #[test]
    fn roots_of_any_number_of_leaves_follow_the_definition() {
        for count in 0..70_u8 {
            let leaves: Vec<Vec<u8>> = (0..count).map(|leaf| vec![leaf; 3]).collect();
            assert_eq!(root(&leaves), plain(&leaves), "{count} leaves");
        }
    }
}
