//! A CAR as a stream of bytes: a thread reads block after block, as fast as they are taken.

use std::io;

use axum::body::Bytes;
use futures::{Stream, stream::unfold};
use swarm::{Walk, car_frame, car_header};
use tokio::sync::mpsc;

/// Blocks that were read and not yet taken.
const AHEAD: usize = 4;

/// The header and all blocks of a walk. A block that is missing ends the stream with an error, so that nobody takes what came
/// before for the whole. `held` is let go when the last block was read, or when nobody takes them any more.
pub fn stream(walk: Walk, held: impl Send + 'static) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        send(walk, &sender);
        drop(held);
    });
    unfold(receiver, |mut receiver| async move { receiver.recv().await.map(|part| (part, receiver)) })
}

fn send(walk: Walk, sender: &mpsc::Sender<io::Result<Bytes>>) {
    let header = Bytes::from(car_header(&[walk.root()]));
    let frames = walk.map(|block| match block {
        Ok((cid, block)) => Ok(Bytes::from(car_frame(&cid, &block))),
        Err(error) => Err(io::Error::other(error)),
    });
    for part in std::iter::once(Ok(header)).chain(frames) {
        // Nobody takes it any more: the rest is not read.
        if sender.blocking_send(part).is_err() {
            return;
        }
    }
}
