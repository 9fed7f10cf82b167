//! Reasons to stop the server: SIGTERM, Ctrl-C, or the end of standard input.

use std::io::{self, Read};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Why the server stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum StopReason {
    /// A signal, by name.
    #[error("{0}")]
    Signal(&'static str),
    #[error("end of standard input")]
    StdinClosed,
}

/// A stream of reasons to stop.
pub(super) struct ShutdownSignals(UnboundedReceiver<StopReason>);

impl ShutdownSignals {
    /// Starts listening; must be called on a runtime.
    pub(super) fn listen(exit_on_stdin_close: bool) -> io::Result<Self> {
        let (sender, receiver) = unbounded_channel();

        watch_signals(&sender)?;
        if exit_on_stdin_close {
            watch_stdin(sender);
        }

        Ok(Self(receiver))
    }

    /// Waits for the next reason to stop.
    pub(super) async fn next(&mut self) -> StopReason {
        match self.0.recv().await {
            Some(reason) => reason,
            // All senders are gone.
            None => std::future::pending().await,
        }
    }

    /// Waits for a second signal after the first reason.
    ///
    /// The end of standard input does not count: a parent process that cleans up sends a signal
    /// and closes the pipe, and does not mean that the server should stop faster.
    pub(super) async fn second_signal(&mut self, first: StopReason) -> StopReason {
        let mut signals = usize::from(first != StopReason::StdinClosed);
        loop {
            let reason = self.next().await;
            signals += usize::from(reason != StopReason::StdinClosed);
            if signals == 2 {
                return reason;
            }
        }
    }
}

#[cfg(unix)]
fn watch_signals(sender: &UnboundedSender<StopReason>) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    for (kind, name) in [(SignalKind::terminate(), "SIGTERM"), (SignalKind::interrupt(), "Ctrl-C")]
    {
        // The handler is installed here, not when the task first runs.
        let mut signals = signal(kind)?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                let _ = sender.send(StopReason::Signal(name));
            }
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn watch_signals(sender: &UnboundedSender<StopReason>) -> io::Result<()> {
    let sender = sender.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            let _ = sender.send(StopReason::Signal("Ctrl-C"));
        }
    });
    Ok(())
}

fn watch_stdin(sender: UnboundedSender<StopReason>) {
    // A separate thread: a blocking read cannot be canceled, and must not keep the runtime from
    // shutting down.
    std::thread::spawn(move || {
        let mut buffer = [0; 1024];
        while io::stdin().read(&mut buffer).is_ok_and(|length| length > 0) {}
        let _ = sender.send(StopReason::StdinClosed);
    });
}
