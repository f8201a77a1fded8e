//! Files that come while peers drip, stall, lie or vanish; what is read from disk; what is full.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use protocol::Digest;
use swarm::{CHUNK_BYTES, Event, FetchError, Length, Order, Progress, StoreError, SwarmError, digest_of, start};
use tokio::sync::watch;

use crate::scripted::{Deed, block, play, promise};
use crate::support::{SOON, TestNode, address, bytes, config, eventually, next, node};

/// A chunk of the file by its digest; the root comes from who has the file.
async fn blocks_of(holder: &TestNode, file: &[u8]) -> BTreeMap<[u8; 32], Vec<u8>> {
    let chunks = file.chunks(CHUNK_BYTES as usize).map(|chunk| (digest_of(chunk).0, chunk.to_vec()));
    let root = digest_of(file);
    let root_block = holder.client.block(&swarm::cid_of(root, file.len() as u64)).await.unwrap().unwrap();
    chunks.chain([(root.0, root_block)]).collect()
}

/// Tells the digest in a CID.
fn digest_in(cid: &[u8]) -> [u8; 32] {
    *cid.last_chunk().unwrap()
}

/// The file comes from the honest one in time, whatever the other does that was there first.
async fn check(what: &str, mut script: impl FnMut(&[u8], bool, &BTreeMap<[u8; 32], Vec<u8>>) -> Deed + Send + 'static) {
    let victim = node(1, &[]).await;
    let honest = node(2, &[]).await;
    let file = bytes(5_000_000);
    let digest = honest.client.add(file.clone()).await.unwrap();
    let blocks = blocks_of(&honest, &file).await;
    let odd = play(address(&victim.client).await, move |cid, is_block| script(cid, is_block, &blocks)).await;
    eventually("the odd one is connected", || async { victim.client.peers().await.unwrap().contains(&odd) }).await;
    let mut order = Order::new(digest, Length::Exactly(file.len() as u64), Duration::from_secs(10));
    order.holders = vec![odd];
    let (client, began) = (victim.client.clone(), Instant::now());
    let fetch = tokio::spawn(async move { client.bring(&order).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    victim.client.dial(address(&honest.client).await).await.unwrap();
    fetch.await.unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(9), "{what} took {:?}", began.elapsed());
    assert_eq!(victim.client.fetch(digest, file.len() as u64, SOON).await.unwrap(), file, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_drips_a_block_in_nine_seconds_does_not_hold_up_a_file() {
    let sent = Arc::new(Mutex::new(0));
    check("drip", move |cid, is_block, blocks| match blocks.get(&digest_in(cid)) {
        Some(_) if !is_block => Deed::Send(Duration::ZERO, promise(cid)),
        Some(bytes) => {
            let mut sent = sent.lock().unwrap();
            *sent += 1;
            Deed::Send(Duration::from_secs(9 * (*sent - 1)), block(bytes))
        }
        None => Deed::Nothing,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_promises_and_stalls_does_not_hold_up_a_file() {
    check("stall", |cid, is_block, _| if is_block { Deed::Nothing } else { Deed::Send(Duration::ZERO, promise(cid)) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_vanishes_with_half_of_a_file_does_not_hold_up_the_rest() {
    let mut left = 8;
    check("vanish", move |cid, is_block, blocks| {
        left -= i32::from(is_block);
        match blocks.get(&digest_in(cid)) {
            _ if left < 0 => Deed::Vanish,
            Some(bytes) if is_block => Deed::Send(Duration::ZERO, block(bytes)),
            _ => Deed::Send(Duration::ZERO, promise(cid)),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_moves_goes_on_beyond_its_quiet_time_and_ends_with_the_time_of_its_order() {
    let honest = node(2, &[]).await;
    let file = bytes(1_200_000);
    let digest = honest.client.add(file.clone()).await.unwrap();
    for (until, is_whole) in [(None, true), (Some(Duration::from_millis(2500)), false)] {
        let victim = node(1, &[]).await;
        let blocks = blocks_of(&honest, &file).await;
        let mut free = Instant::now();
        // A block every 800 ms, where two seconds of quiet are borne.
        let slow = play(address(&victim.client).await, move |cid, is_block| match blocks.get(&digest_in(cid)) {
            Some(bytes) if is_block => {
                free = free.max(Instant::now()) + Duration::from_millis(800);
                Deed::Send(free - Instant::now(), block(bytes))
            }
            _ => Deed::Send(Duration::ZERO, promise(cid)),
        })
        .await;
        eventually("connected", || async { victim.client.peers().await.unwrap().contains(&slow) }).await;
        let mut order = Order::new(digest, Length::UpTo(file.len() as u64), Duration::from_secs(2));
        let (progress, watched) = watch::channel(Progress::default());
        order.until = until.map(|time| tokio::time::Instant::now() + time);
        order.progress = Some(progress);
        let began = Instant::now();
        let brought = victim.client.bring(&order).await;
        assert_eq!(brought.is_ok(), is_whole, "{brought:?}");
        assert!(is_whole || matches!(brought, Err(FetchError::TimedOut { .. })));
        assert!(began.elapsed() > Duration::from_millis(2300), "{:?}", began.elapsed());
        let progress = *watched.borrow();
        assert_eq!((progress.total_bytes, progress.done_bytes == progress.total_bytes), (file.len() as u64, is_whole));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_added_from_a_place_fetched_mapped_and_written_to_another() {
    let a = node(1, &[]).await;
    let b = node(2, &[&a]).await;
    let file = bytes(3_000_000);
    let (from, to) = (a.folder.path().join("from"), b.folder.path().join("to"));
    std::fs::write(&from, &file).unwrap();
    let digest = a.client.add_file(&from).await.unwrap();
    assert_eq!(digest, digest_of(&file));
    b.client.download(digest, file.len() as u64, SOON).await.unwrap();
    assert_eq!(&*b.client.map(digest, file.len() as u64).await.unwrap(), &file[..]);
    b.client.export(digest, file.len() as u64, &to).await.unwrap();
    assert_eq!(std::fs::read(&to).unwrap(), file);
    let nowhere = b.client.export(digest, file.len() as u64, &b.folder.path().join("no/such/place")).await;
    assert!(matches!(nowhere, Err(FetchError::Store(StoreError::Target { .. }))), "{nowhere:?}");
    assert!(matches!(b.client.map(Digest([3; 32]), 9).await, Err(FetchError::Gone { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_disk_has_damaged_or_lost_is_fetched_again_by_who_asks_for_it() {
    let a = node(1, &[]).await;
    let b = node(2, &[&a]).await;
    for (length, spoil) in [(19_552, damage as fn(&Path)), (19_553, lose), (700_000, damage), (700_001, lose)] {
        let file = bytes(length);
        let digest = a.client.add(file.clone()).await.unwrap();
        assert_eq!(b.client.fetch(digest, length as u64, SOON).await.unwrap(), file);
        let name = digest.to_string().trim_start_matches("0x").to_owned();
        let spoiled = spoil_all(&b.folder.path().join("blocks"), &name, spoil);
        assert!(spoiled > 0, "{length}: no file of that name");
        assert!(matches!(b.client.map(digest, length as u64).await, Err(FetchError::Gone { .. })), "{length}");
        assert_eq!(b.client.fetch(digest, length as u64, SOON).await.unwrap(), file, "{length}");
        spoil_all(&b.folder.path().join("blocks"), &name, spoil);
        assert_eq!(b.client.fetch(digest, length as u64, SOON).await.unwrap(), file, "{length}, when nobody has noticed yet");
    }
}

fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

fn lose(path: &Path) {
    std::fs::remove_file(path).unwrap();
}

/// All bytes of files of that name, in whatever folder of a store; how many there are.
fn spoil_all(folder: &Path, name: &str, spoil: fn(&Path)) -> usize {
    let shelves = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let files = shelves.flat_map(|shelf| std::fs::read_dir(shelf).unwrap().map(|entry| entry.unwrap().path()));
    let named =
        files.filter(|path| path.file_stem().is_some_and(|stem| stem == name) && path.extension().is_none_or(|kind| kind == "data"));
    named.inspect(|path| spoil(path)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_store_is_said_with_what_to_do_and_passes_when_there_is_room() {
    let a = node(1, &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let mut settings = config(2, folder.path(), &[address(&a.client).await]);
    settings.store_bytes_max = 900_000;
    let (b, mut events) = start(settings).await.unwrap();
    let kept = b.add(bytes(600_000)).await.unwrap();
    b.pin(kept, "user").await.unwrap();
    let digest = a.client.add(bytes(700_000)).await.unwrap();
    assert_eq!(b.full(), None);
    let full = b.download(digest, 700_000, SOON).await;
    assert!(matches!(&full, Err(FetchError::Store(error)) if error.is_full()), "{full:?}");
    let said = next(&mut events, |event| if let Event::StoreFull { reason } = event { Some(reason) } else { None }).await;
    assert!(said.contains("store_bytes") && said.contains("unpin"), "{said}");
    assert_eq!(b.full(), Some(said));
    assert!(matches!(b.add(bytes(700_001)).await, Err(SwarmError::Store(error)) if error.is_full()));
    assert!(b.unpin(kept, "user").await.unwrap());
    b.download(digest, 700_000, SOON).await.unwrap();
    assert!(!b.has(kept).await.unwrap());
}

/// Needs the right to mount; where that is missing, the limit of the configuration stands for the disk in the test above.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_from_a_broken_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_string_lossy().into_owned();
    let run = |command: &str, arguments: &[&str]| {
        let status = std::process::Command::new(command).args(arguments).arg(&path).stderr(std::process::Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    if !run("mount", &["-t", "tmpfs", "-o", "size=4m", "none"]) {
        println!("not run: a small file system cannot be mounted here");
        return;
    }
    let (client, _events) = start(config(1, folder.path(), &[])).await.unwrap();
    let kept = client.add(bytes(2_000_000)).await.unwrap();
    client.pin(kept, "user").await.unwrap();
    let full = client.add(bytes(3_000_000)).await;
    client.unpin(kept, "user").await.unwrap();
    let with_room = client.add(bytes(3_000_000)).await;
    client.shutdown().await;
    assert!(run("umount", &[]));
    assert!(matches!(&full, Err(SwarmError::Store(StoreError::NoSpace { .. }))), "{full:?}");
    assert!(with_room.is_ok(), "what nobody pinned makes room: {with_room:?}");
}
