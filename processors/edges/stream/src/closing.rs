//! Closing clients. librdkafka needs a tenth of a second for each, in which partitions would lie idle.

use crate::clock::Deadline;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

/// How long clients may take to close before they are abandoned.
const CLOSE_WAIT_MAX: Duration = Duration::from_secs(2);

/// Closes clients side by side, and waits for it. With an instance id the group keeps a consumer's partitions for it until its session is over, so
/// that a restart finds them again.
///
/// One that does not close in time is abandoned, as a fault of it must not keep the process from going on, or from ending.
pub(crate) fn close_together(clients: Vec<Box<dyn Send>>) {
    let deadline = Deadline::after(CLOSE_WAIT_MAX);
    let (closed, all_closed) = mpsc::channel();
    let count = clients.len();
    for client in clients {
        close(client, Some(closed.clone()));
    }
    drop(closed);
    let in_time = (0..count).take_while(|_| all_closed.recv_timeout(deadline.left()).is_ok()).count();
    if in_time < count && deadline.is_over() {
        tracing::warn!(clients = count - in_time, "clients do not close in time; abandoning them");
    }
}

/// Closes a client in the background.
pub(crate) fn close_aside(client: impl Send + 'static) {
    close(Box::new(client), None);
}

fn close(client: Box<dyn Send>, closed: Option<Sender<()>>) {
    let close = move || {
        drop(client);
        if let Some(closed) = closed {
            // The receiver is gone where it took too long.
            let _late = closed.send(());
        }
    };
    // Where there is no thread to be had, this closes it here.
    if let Err(error) = thread::Builder::new().name("closing".to_owned()).spawn(close) {
        tracing::warn!(%error, "a client is closed without a thread");
    }
}
