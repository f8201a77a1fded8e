//! What a system tells a program that is to end: signals, or elsewhere Ctrl-C alone.

#[cfg(not(unix))]
pub use elsewhere::{Finish, end};
#[cfg(unix)]
pub use unix::{Finish, end};

#[cfg(unix)]
mod unix {
    use anyhow::{Context, Result};
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// Waits for SIGINT or SIGTERM.
    pub async fn end() -> Result<()> {
        let (mut interrupt, mut terminate) = (listen_for(SignalKind::interrupt())?, listen_for(SignalKind::terminate())?);
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        Ok(())
    }

    fn listen_for(kind: SignalKind) -> Result<Signal> {
        signal(kind).context("the system gives no signals")
    }

    /// Listens for SIGUSR1.
    pub struct Finish(Signal);

    impl Finish {
        pub fn listen() -> Result<Self> {
            listen_for(SignalKind::user_defined1()).map(Self)
        }

        /// Whether it came; no more comes otherwise.
        pub async fn comes(&mut self) -> bool {
            self.0.recv().await.is_some()
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::future::pending;

    use anyhow::{Context, Result};

    /// Waits for Ctrl-C.
    pub async fn end() -> Result<()> {
        tokio::signal::ctrl_c().await.context("the system does not tell of Ctrl-C")
    }

    /// Nothing asks a node there to finish its round first.
    pub struct Finish;

    impl Finish {
        pub fn listen() -> Result<Self> {
            Ok(Self)
        }

        pub async fn comes(&mut self) -> bool {
            pending().await
        }
    }
}
