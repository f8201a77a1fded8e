//! Exchange with Helia.

use swarm::{cid_of, digest_of};
use tokio::time::sleep;

use crate::peers::Helia;
use crate::support::{address, bytes, ours};
use crate::{IDLE, LENGTHS, LONG};

#[tokio::test(flavor = "multi_thread")]
async fn helia_gives_the_same_cids_and_files_travel_both_ways_also_after_pauses() {
    let Some(mut helia) = Helia::start(None).await else { return };
    let ours = ours().await;
    helia.dial(&address(&ours.client).await);
    for (turn, pause) in [false, true].into_iter().enumerate() {
        if pause {
            sleep(IDLE).await;
        }
        for length in LENGTHS {
            let theirs = bytes(length, 2 * turn as u64);
            let digest = digest_of(&theirs);
            assert_eq!(helia.add(&theirs), cid_of(digest, length as u64).to_string(), "{length}");
            assert_eq!(ours.client.fetch(digest, length as u64, LONG).await.unwrap(), theirs, "{length} from Helia");
        }
        if pause {
            sleep(IDLE).await;
        }
        for length in LENGTHS {
            let file = bytes(length, 2 * turn as u64 + 1);
            let digest = ours.client.add(file.clone()).await.unwrap();
            assert!(helia.cat(&cid_of(digest, length as u64).to_string()) == file, "{length} to Helia");
        }
    }
}
