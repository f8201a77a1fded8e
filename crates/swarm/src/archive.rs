//! The way to the thread that owns logs and their files: whatever may wait for a disk or for signatures runs there, never
//! on the node's task.
//!
//! [`Task`]s go in through a queue of [`TASKS_MAX`]: those of clients wait at its door, those of the node are
//! left out while it is full. [`Report`]s come back through one of [`REPORTS_MAX`], where the thread waits for the
//! node's task, which never waits for the thread.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use protocol::NodeId;
use tokio::sync::mpsc;

use crate::clerk::Clerk;
use crate::logs::Logs;
use crate::tasks::{Report, Task};

/// Tasks that wait for the thread.
pub const TASKS_MAX: usize = 512;
/// Reports that wait for the node's task.
pub const REPORTS_MAX: usize = 512;

/// The way to the thread.
pub struct Archive {
    /// In.
    pub tasks: mpsc::Sender<Task>,
    /// Out.
    pub reports: mpsc::Receiver<Report>,
    /// This node.
    pub author: NodeId,
    thread: JoinHandle<()>,
}

impl Archive {
    /// Starts the thread, which holds `lock` as long as it may write.
    ///
    /// # Errors
    /// What the system says of threads.
    pub fn start(logs: Logs, lock: Arc<File>) -> io::Result<Self> {
        let (tasks, inbox) = mpsc::channel(TASKS_MAX);
        let (outbox, reports) = mpsc::channel(REPORTS_MAX);
        let author = logs.author();
        let clerk = Clerk::new(logs, outbox);
        let thread = thread::Builder::new().name("logs".into()).spawn(move || {
            clerk.run(inbox);
            drop(lock);
        })?;
        Ok(Self { tasks, reports, author, thread })
    }

    /// Ends the thread and waits for it, off the async threads.
    pub async fn end(self) {
        let Self { tasks, reports, thread, .. } = self;
        // Whoever waits for room in there shall not wait any more.
        drop(reports);
        _ = tasks.send(Task::End).await;
        _ = tokio::task::spawn_blocking(move || thread.join()).await;
    }
}
