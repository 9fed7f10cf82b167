//! When to stop: SIGTERM, Ctrl-C, or the end of standard input.

use std::io::Read;

use tokio::sync::mpsc;

/// What the end of standard input is called.
const STDIN: &str = "the end of standard input";

/// Reports each reason to stop, as words for the log.
pub(super) struct ShutdownSignals(mpsc::UnboundedReceiver<&'static str>);

impl ShutdownSignals {
    /// Starts listening; must be called on a runtime.
    pub(super) fn listen(stdin_too: bool) -> std::io::Result<Self> {
        let (reasons, received) = mpsc::unbounded_channel();
        // On return both are being listened to, not only once their tasks run.
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let signals =
                [(SignalKind::terminate(), "SIGTERM"), (SignalKind::interrupt(), "Ctrl-C")];
            for (kind, name) in signals {
                let mut received = signal(kind)?;
                let reasons = reasons.clone();
                tokio::spawn(async move {
                    while received.recv().await.is_some() {
                        let _ = reasons.send(name);
                    }
                });
            }
        }
        #[cfg(not(unix))]
        {
            let reasons = reasons.clone();
            tokio::spawn(async move {
                while tokio::signal::ctrl_c().await.is_ok() {
                    let _ = reasons.send("Ctrl-C");
                }
            });
        }
        if stdin_too {
            // A thread of its own: a blocking read cannot be cancelled, and must not keep the
            // runtime from ending.
            std::thread::spawn(move || {
                let mut buffer = [0; 1024];
                while std::io::stdin().read(&mut buffer).is_ok_and(|read| read > 0) {}
                let _ = reasons.send(STDIN);
            });
        }
        Ok(Self(received))
    }

    /// The second signal after a first reason: whoever repeats one does not want to wait. That
    /// standard input ends before or after it is what parents do when they clean up, and counts
    /// for nothing.
    pub(super) async fn second_signal(&mut self, first: &'static str) -> &'static str {
        let mut signals = usize::from(first != STDIN);
        loop {
            let reason = self.next().await;
            signals += usize::from(reason != STDIN);
            if signals == 2 {
                return reason;
            }
        }
    }

    /// The next reason to stop.
    pub(super) async fn next(&mut self) -> &'static str {
        match self.0.recv().await {
            Some(reason) => reason,
            // Nobody is left who could give one.
            None => std::future::pending().await,
        }
    }
}
