//! Background work of the local stack, owned in one place so that a stack can end all of it.
//!
//! Functions must not do this: a frozen Lambda loses whatever outlives its answer.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A set of tasks, and the wish that they end.
#[derive(Clone)]
pub(crate) struct Tasks {
    running: Arc<Mutex<JoinSet<()>>>,
    stop: watch::Sender<bool>,
}

impl Tasks {
    pub(crate) fn new() -> Self {
        Self { running: Arc::default(), stop: watch::Sender::new(false) }
    }

    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        while running.try_join_next().is_some() {}
        running.spawn(work);
    }

    /// Resolves when the tasks should finish what they are doing and end.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stop = self.stop.subscribe();
        async move {
            // An error means that the stack is gone, which is a wish to end too.
            let _ = stop.wait_for(|stopped| *stopped).await;
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Asks all tasks to end and waits for them, at most `patience`. Returns whether they all did.
    pub(crate) async fn drain(&self, patience: Duration) -> bool {
        self.stop.send_replace(true);
        let mut running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = timeout(patience, async { while running.join_next().await.is_some() {} }).await;
        ended.is_ok()
    }

    /// Ends all tasks where they stand.
    pub(crate) fn abort(&self) {
        self.stop.send_replace(true);
        self.running.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}
