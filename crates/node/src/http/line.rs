//! Connections of the room: so many at once, and none that is silent or slow for longer than it may be.
//!
//! hyper asks a connection for bytes and gives it bytes; only here both can be seen. While no answer is under way the
//! line waits for the head of a request, for a limited time and a limited number of bytes. While one is, its reader has
//! to take a least number of bytes in each span of time.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep},
};

use super::{HEAD_BYTES_MAX, Limits, SLOW_BYTES};

/// After the system had no room for a connection.
const ACCEPT_AGAIN: Duration = Duration::from_millis(500);

/// Accepts connections while there is room for them.
pub struct Lines {
    listener: TcpListener,
    places: Arc<Semaphore>,
    limits: Limits,
}

impl Lines {
    pub fn new(listener: TcpListener, limits: Limits) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(limits.connections)), limits }
    }
}

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        loop {
            let Ok(place) = self.places.clone().acquire_owned().await else { std::future::pending().await };
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    // Without it a short answer waits for the next one; a socket that refuses works all the same.
                    _ = stream.set_nodelay(true);
                    return (Line::new(stream, place, self.limits), address);
                }
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    sleep(ACCEPT_AGAIN).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Whether an answer is under way on a connection; shared with those who answer.
#[derive(Clone, Debug)]
pub struct Traffic(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    answers: usize,
    /// Since when none is under way.
    quiet_since: Instant,
    /// Bytes that came since then.
    head_bytes: usize,
}

impl Traffic {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(State { answers: 0, quiet_since: Instant::now(), head_bytes: 0 })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes an answer until what is returned is dropped.
    pub fn answering(&self) -> Answering {
        self.state().answers += 1;
        Answering(self.clone())
    }
}

impl Connected<IncomingStream<'_, Lines>> for Traffic {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().traffic.clone()
    }
}

/// An answer under way.
pub struct Answering(Traffic);

impl Drop for Answering {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.answers -= 1;
        (state.quiet_since, state.head_bytes) = (Instant::now(), 0);
    }
}

/// One connection.
pub struct Line {
    stream: TcpStream,
    traffic: Traffic,
    limits: Limits,
    /// Wakes a line that waits for a head.
    head: Pin<Box<Sleep>>,
    /// Ends the span in which a reader must take some bytes.
    span: Pin<Box<Sleep>>,
    /// Bytes that it took in this span.
    taken: usize,
    /// Whether it lets us wait.
    is_stalled: bool,
    _place: OwnedSemaphorePermit,
}

impl Line {
    fn new(stream: TcpStream, place: OwnedSemaphorePermit, limits: Limits) -> Self {
        let [head, span] = [(); 2].map(|()| Box::pin(sleep(Duration::ZERO)));
        Self { stream, traffic: Traffic::new(), limits, head, span, taken: 0, is_stalled: false, _place: place }
    }

    /// Ends a wait for a head that lasts too long. An answer that begins meanwhile wakes nobody, and needs not.
    fn wait_for_head(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let quiet_since = {
                let state = self.traffic.state();
                if state.answers > 0 {
                    return Poll::Pending;
                }
                state.quiet_since
            };
            let until = quiet_since + self.limits.head;
            if Instant::now() >= until {
                return Poll::Ready(Err(too_slow("no request came in time")));
            }
            self.head.as_mut().reset(until);
            ready!(self.head.as_mut().poll(context));
        }
    }

    /// What came of an attempt to write: counted, and ended where the reader takes too little.
    fn weigh(&mut self, written: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let now = Instant::now();
        if let Poll::Ready(written) = written {
            self.is_stalled = false;
            self.taken += written.as_ref().copied().unwrap_or_default();
            return Poll::Ready(written);
        }
        if !self.is_stalled && self.span.deadline() <= now {
            self.span.as_mut().reset(now + self.limits.slow);
            self.taken = 0;
        }
        self.is_stalled = true;
        while self.span.as_mut().poll(context).is_ready() {
            if self.taken < SLOW_BYTES {
                return Poll::Ready(Err(too_slow("the answer is not taken")));
            }
            self.taken = 0;
            self.span.as_mut().reset(Instant::now() + self.limits.slow);
        }
        Poll::Pending
    }
}

fn too_slow(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {
                let mut state = self.traffic.state();
                if state.answers == 0 {
                    state.head_bytes += buffer.filled().len() - before;
                }
                let is_long = state.head_bytes > HEAD_BYTES_MAX + super::BODY_BYTES_MAX;
                Poll::Ready(if is_long { Err(io::Error::other("the head of a request is too long")) } else { Ok(()) })
            }
            Poll::Ready(error) => Poll::Ready(error),
            Poll::Pending => self.wait_for_head(context),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.weigh(written, context)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.weigh(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
