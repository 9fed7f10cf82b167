//! When to stop: SIGTERM, Ctrl-C, or the end of standard input.

use std::io::Read;

use tokio::sync::mpsc;

/// What the end of standard input is called.
const STDIN: &str = "the end of standard input";

/// Reports each reason to stop, as words for the log.
pub(super) struct Reasons(mpsc::UnboundedReceiver<&'static str>);

impl Reasons {
    /// Starts listening; must be called on a runtime.
    pub(super) fn listen(stdin_too: bool) -> std::io::Result<Self> {
        let (reasons, received) = mpsc::unbounded_channel();
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let mut terminate = signal(SignalKind::terminate())?;
            let reasons = reasons.clone();
            tokio::spawn(async move {
                while terminate.recv().await.is_some() {
                    let _ = reasons.send("SIGTERM");
                }
            });
        }
        let interrupts = reasons.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                let _ = interrupts.send("Ctrl-C");
            }
        });
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

    /// The next signal: whoever repeats one does not want to wait. That standard input ends after
    /// the first is what parents do when they clean up.
    pub(super) async fn next_signal(&mut self) -> &'static str {
        loop {
            let reason = self.next().await;
            if reason != STDIN {
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
