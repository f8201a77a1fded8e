//! Caps on what goes out and comes in, bytes a second over all connections: a token bucket that all streams share. What passes is counted.
//!
//! Streams of the multiplexers are held back, not what runs below them: pings and windows of multiplexers pass, and a
//! peer notices by its own window that it is to be slower.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures::{AsyncRead, AsyncWrite};
use libp2p::core::muxing::{StreamMuxer, StreamMuxerBox, StreamMuxerEvent, SubstreamBox};
use tokio::time::{Sleep, sleep};

/// Bytes that pass at once.
pub const PIECE: usize = 16 * 1024;
/// What was not used for so long may be used at once.
const BURST: Duration = Duration::from_millis(250);
/// A stream that has to wait looks again after this.
const PAUSE: Duration = Duration::from_millis(10);

/// Tokens that come with time, one a byte.
#[derive(Debug)]
struct Tokens {
    per_s: u64,
    there: u64,
    counted: Instant,
}

impl Tokens {
    /// Takes up to `wanted`; none if there are none.
    fn take(&mut self, wanted: usize, now: Instant) -> usize {
        let most = (self.per_s as u128 * BURST.as_millis() / 1000).max(PIECE as u128) as u64;
        let new = (self.per_s as u128 * now.saturating_duration_since(self.counted).as_micros() / 1_000_000) as u64;
        if new > 0 {
            self.there = self.there.saturating_add(new).min(most);
            self.counted = now;
        }
        let taken = self.there.min(wanted.min(PIECE) as u64);
        self.there -= taken;
        taken as usize
    }
}

/// One direction of all connections; without a number nothing is held back.
#[derive(Debug, Clone, Default)]
pub struct Cap(Option<Arc<Mutex<Tokens>>>);

impl Cap {
    /// For so many bytes a second, at least 1.
    pub fn new(per_s: Option<u64>) -> Self {
        let tokens = |per_s: u64| Arc::new(Mutex::new(Tokens { per_s: per_s.max(1), there: 0, counted: Instant::now() }));
        Self(per_s.map(tokens))
    }

    fn take(&self, wanted: usize) -> usize {
        let Some(tokens) = &self.0 else { return wanted };
        tokens.lock().unwrap_or_else(PoisonError::into_inner).take(wanted, Instant::now())
    }

    fn give_back(&self, unused: usize) {
        if let Some(tokens) = &self.0 {
            tokens.lock().unwrap_or_else(PoisonError::into_inner).there += unused as u64;
        }
    }
}

/// Bytes that streams of other nodes carried so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Those that went out.
    pub sent_bytes: u64,
    /// Those that came in.
    pub received_bytes: u64,
}

/// Counts what passes; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    sent: Arc<AtomicU64>,
    received: Arc<AtomicU64>,
}

impl Tally {
    /// What has passed until now.
    pub fn traffic(&self) -> Traffic {
        let [sent_bytes, received_bytes] = [&self.sent, &self.received].map(|count| count.load(Ordering::Relaxed));
        Traffic { sent_bytes, received_bytes }
    }
}

/// Both directions.
#[derive(Debug, Clone, Default)]
pub struct Caps {
    /// Of what goes out.
    pub upload: Cap,
    /// Of what comes in.
    pub download: Cap,
    /// What passes.
    pub tally: Tally,
}

/// A connection whose streams are held back, and counted.
pub struct Muxer {
    inner: StreamMuxerBox,
    caps: Caps,
}

impl Muxer {
    /// Around any connection.
    pub fn new(inner: StreamMuxerBox, caps: Caps) -> Self {
        Self { inner, caps }
    }

    fn wrap(&self, inner: SubstreamBox) -> Stream {
        let Caps { upload, download, tally } = &self.caps;
        Stream { inner, reads: Lane::new(download, &tally.received), writes: Lane::new(upload, &tally.sent) }
    }
}

impl StreamMuxer for Muxer {
    type Substream = Stream;
    type Error = io::Error;

    fn poll_inbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        let stream = ready!(Pin::new(&mut self.inner).poll_inbound(cx))?;
        Poll::Ready(Ok(self.wrap(stream)))
    }

    fn poll_outbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        let stream = ready!(Pin::new(&mut self.inner).poll_outbound(cx))?;
        Poll::Ready(Ok(self.wrap(stream)))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<StreamMuxerEvent>> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

/// One direction of one stream.
struct Lane {
    cap: Cap,
    count: Arc<AtomicU64>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Lane {
    fn new(cap: &Cap, count: &Arc<AtomicU64>) -> Self {
        Self { cap: cap.clone(), count: count.clone(), pause: None }
    }

    /// How many of `wanted` bytes may pass; waits until some may.
    fn poll_take(&mut self, wanted: usize, cx: &mut Context<'_>) -> Poll<usize> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            let taken = self.cap.take(wanted);
            if taken > 0 || wanted == 0 {
                return Poll::Ready(taken);
            }
            self.pause = Some(Box::pin(sleep(PAUSE)));
        }
    }

    /// What came of it: what passed is counted, what did not may pass elsewhere.
    fn settle(&self, taken: usize, done: &Poll<io::Result<usize>>) {
        let passed = if let Poll::Ready(Ok(passed)) = done { *passed } else { 0 };
        self.count.fetch_add(passed as u64, Ordering::Relaxed);
        self.cap.give_back(taken.saturating_sub(passed));
    }
}

/// A stream that waits for tokens before it reads or writes.
pub struct Stream {
    inner: SubstreamBox,
    reads: Lane,
    writes: Lane,
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let taken = ready!(this.reads.poll_take(buffer.len(), cx));
        let done = Pin::new(&mut this.inner).poll_read(cx, &mut buffer[..taken]);
        this.reads.settle(taken, &done);
        done
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let taken = ready!(this.writes.poll_take(bytes.len(), cx));
        let done = Pin::new(&mut this.inner).poll_write(cx, &bytes[..taken]);
        this.writes.settle(taken, &done);
        done
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_passes_than_the_cap_and_a_short_burst() {
        let start = Instant::now();
        for per_s in [10, 1_000, 1_000_000, 1 << 40] {
            let mut tokens = Tokens { per_s, there: 0, counted: start };
            let passed: usize = (0..3000).map(|ms| tokens.take(usize::MAX, start + Duration::from_millis(ms))).sum();
            let burst = (per_s / 4).max(PIECE as u64);
            assert!(passed as u64 <= 3 * per_s + burst, "{per_s}: {passed}");
            let least = (3 * per_s).min(2990 * PIECE as u64) * 98 / 100;
            assert!(passed as u64 >= least.saturating_sub(1), "{per_s}: {passed}");
        }
    }

    #[test]
    fn without_a_cap_all_passes() {
        assert_eq!(Cap::default().take(1 << 30), 1 << 30);
    }

    #[test]
    fn what_passed_is_counted_and_what_did_not_is_not() {
        let tally = Tally::default();
        let (reads, writes) = (Lane::new(&Cap::default(), &tally.received), Lane::new(&Cap::new(Some(1_000)), &tally.sent));
        reads.settle(100, &Poll::Ready(Ok(70)));
        writes.settle(100, &Poll::Ready(Ok(5)));
        for failed in [Poll::Pending, Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))] {
            reads.settle(100, &failed);
        }
        assert_eq!(tally.clone().traffic(), Traffic { sent_bytes: 5, received_bytes: 70 });
    }
}
