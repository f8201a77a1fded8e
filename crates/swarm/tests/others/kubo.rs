//! Exchange with Kubo, over bitswap and as CARs.

use std::io::Cursor;

use swarm::{CHUNK_BYTES, Cid, LINKS_MAX, cid_of, digest_of};
use tokio::time::sleep;

use crate::peers::Kubo;
use crate::support::{address, bytes, ours};
use crate::{IDLE, LENGTHS, LONG};

#[tokio::test(flavor = "multi_thread")]
async fn kubo_gives_the_same_cids_and_files_travel_both_ways_also_after_pauses() {
    let Some(kubo) = Kubo::start().await else { return };
    let ours = ours().await;
    kubo.run(&["swarm", "connect", &address(&ours.client).await]);
    let tall = (CHUNK_BYTES * LINKS_MAX) as usize + 1;
    for (turn, pause) in [false, true].into_iter().enumerate() {
        if pause {
            sleep(IDLE).await;
        }
        for length in LENGTHS.into_iter().chain([tall]) {
            let theirs = bytes(length, 2 * turn as u64);
            let digest = digest_of(&theirs);
            assert_eq!(kubo.add(&theirs), cid_of(digest, length as u64).to_string(), "{length}");
            assert_eq!(ours.client.fetch(digest, length as u64, LONG).await.unwrap(), theirs, "{length} from Kubo");
        }
        if pause {
            sleep(IDLE).await;
        }
        for length in LENGTHS.into_iter().chain([tall]) {
            let file = bytes(length, 2 * turn as u64 + 1);
            let digest = ours.client.add(file.clone()).await.unwrap();
            let cid = cid_of(digest, length as u64).to_string();
            assert!(kubo.run(&["cat", "--timeout=120s", &cid]) == file, "{length} to Kubo");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_unknown_length_comes_from_kubo() {
    let Some(kubo) = Kubo::start().await else { return };
    let ours = ours().await;
    kubo.run(&["swarm", "connect", &address(&ours.client).await]);
    for length in [1000, 700_000] {
        kubo.add(&bytes(length, 0));
        let fetched = ours.client.fetch_up_to(digest_of(&bytes(length, 0)), 1 << 20, LONG).await;
        assert_eq!(fetched.unwrap(), bytes(length, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cars_of_ours_are_taken_in_by_kubo_and_are_those_that_it_writes() {
    let Some(kubo) = Kubo::start().await else { return };
    let ours = ours().await;
    let path = kubo.repository.path().join("ours.car");
    for length in LENGTHS {
        let file = bytes(length, 5);
        let digest = ours.client.add(file.clone()).await.unwrap();
        let root = cid_of(digest, length as u64);
        let mut car = Vec::new();
        ours.client.export_car(root, &mut car).unwrap();
        std::fs::write(&path, &car).unwrap();
        let told = kubo.line(&["dag", "import", "--stats", path.to_str().unwrap()]);
        assert!(told.contains(&root.to_string()), "{told}");
        assert!(kubo.run(&["cat", "--offline", &root.to_string()]) == file, "{length}");
        assert!(kubo.run(&["dag", "export", "--progress=false", &root.to_string()]) == car, "{length}: the same bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cars_of_kubo_are_taken_in_here() {
    let Some(kubo) = Kubo::start().await else { return };
    let ours = ours().await;
    for length in LENGTHS {
        let file = bytes(length, 6);
        let root = kubo.add(&file);
        let car = kubo.run(&["dag", "export", "--progress=false", &root]);
        let imported = ours.client.import_car(Cursor::new(car)).unwrap();
        assert_eq!(imported.roots, [root.parse::<Cid>().unwrap()]);
        let digest = digest_of(&file);
        assert!(ours.client.has(digest).await.unwrap(), "{length}");
        assert!(ours.client.fetch(digest, length as u64, LONG).await.unwrap() == file, "{length}");
    }
    let folder = kubo.repository.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    (0..3).for_each(|index| std::fs::write(folder.join(format!("file {index}")), bytes(300_000 + index, 7)).unwrap());
    let root = kubo.line(&["add", "-Q", "-r", "--cid-version=1", folder.to_str().unwrap()]);
    ours.client.import_car(Cursor::new(kubo.run(&["dag", "export", "--progress=false", &root]))).unwrap();
    let mut car = Vec::new();
    ours.client.export_car(root.parse().unwrap(), &mut car).unwrap();
    assert!(kubo.run(&["dag", "export", "--progress=false", &root]) == car, "a folder too");
}
