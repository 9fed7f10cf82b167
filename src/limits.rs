//! Resource limits, and a one-time warning when one is reached.

use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected};

use crate::units::HumanDuration;

/// The smallest limit on a request's head that hyper accepts, in bytes.
const MIN_HEAD_SIZE: usize = 8 * 1024;
const MIN_TIME: Duration = Duration::from_millis(1);
/// A hundred years, as for a [`HumanDuration`]: much longer times would overflow timers.
const MAX_TIME: Duration = Duration::from_secs(36_525 * 24 * 60 * 60);

/// Limits on the resources that clients may use, so that no client can block the others. The server
/// logs a warning the first time that a limit is reached.
///
/// Values too small to serve anything are raised to the smallest usable ones: counts to 1, times to
/// 1 ms, the size of a request's head to 8 KiB. [`Duration::MAX`] disables a time limit.
///
/// ```
/// use std::time::Duration;
/// use smartpay_oauth_mock::{Limits, MockAuthServer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limits = Limits::default().head_time(Duration::from_secs(5));
/// let server = MockAuthServer::builder().limits(limits).start().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
#[must_use = "limits take effect when they are passed to `Builder::limits`"]
pub struct Limits {
    /// The maximum number of open connections, on all ports of the server and its realms. Each
    /// further connection closes the longest idle one, or waits while none is idle. The default is
    /// 16,384.
    #[serde(deserialize_with = "at_least::<1, _>")]
    pub connections: usize,
    /// The maximum number of concurrent requests on an HTTP/2 connection. The server announces it
    /// to clients, so reaching it is not logged. The default is 200.
    #[serde(deserialize_with = "at_least::<1, _>")]
    pub streams: usize,
    /// The maximum number of concurrent TLS handshakes on a port. Each further handshake aborts the
    /// oldest one. The default is 500.
    #[serde(deserialize_with = "at_least::<1, _>")]
    pub handshakes: usize,
    /// The maximum duration of a TLS handshake. The default is 10 s.
    #[serde(deserialize_with = "time")]
    pub handshake_time: Duration,
    /// The maximum size of a request's head (request line and headers), in bytes. The default is
    /// 65,536.
    #[serde(deserialize_with = "at_least::<MIN_HEAD_SIZE, _>")]
    pub head_size: usize,
    /// The maximum time that a request's head may take to arrive, and that a connection may be
    /// idle. The default is 60 s.
    #[serde(deserialize_with = "time")]
    pub head_time: Duration,
    /// The maximum time that a request's body may take to arrive. The default is 30 s. (The size of
    /// a form cannot be set: row 4 of the decision table fixes it at 64 KiB.)
    #[serde(deserialize_with = "time")]
    pub body_time: Duration,
    /// The maximum size of the body of a control API request, in bytes. The default is 16 MiB.
    #[serde(deserialize_with = "at_least::<1, _>")]
    pub control_size: usize,
    /// The maximum time that a client may leave a response unread. The default is 30 s.
    #[serde(deserialize_with = "time")]
    pub write_time: Duration,
    /// The maximum time that requests in flight may take once the server shuts down. The default is
    /// 8 s, less than the 10 s after which container engines kill a process.
    #[serde(deserialize_with = "time")]
    pub stop_time: Duration,
    /// The time for which an open HTTP/1.1 connection may still start a request once the server
    /// shuts down. (HTTP/2 has a shutdown procedure of its own.) The default is 250 ms.
    #[serde(deserialize_with = "time")]
    pub last_call: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            streams: 200,
            handshakes: 500,
            handshake_time: Duration::from_secs(10),
            head_size: 64 * 1024,
            head_time: Duration::from_secs(60),
            body_time: Duration::from_secs(30),
            control_size: 16 * 1024 * 1024,
            write_time: Duration::from_secs(30),
            stop_time: Duration::from_secs(8),
            last_call: Duration::from_millis(250),
        }
    }
}

impl Limits {
    /// Sets the maximum number of open connections.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// Sets the maximum number of concurrent requests on an HTTP/2 connection.
    pub fn streams(mut self, streams: usize) -> Self {
        self.streams = streams;
        self
    }

    /// Sets the maximum number of concurrent TLS handshakes on a port.
    pub fn handshakes(mut self, handshakes: usize) -> Self {
        self.handshakes = handshakes;
        self
    }

    /// Sets the maximum duration of a TLS handshake.
    pub fn handshake_time(mut self, handshake_time: Duration) -> Self {
        self.handshake_time = handshake_time;
        self
    }

    /// Sets the maximum size of a request's head, in bytes.
    pub fn head_size(mut self, head_size: usize) -> Self {
        self.head_size = head_size;
        self
    }

    /// Sets the maximum time for a request's head to arrive and for a connection to be idle.
    pub fn head_time(mut self, head_time: Duration) -> Self {
        self.head_time = head_time;
        self
    }

    /// Sets the maximum time for a request's body to arrive.
    pub fn body_time(mut self, body_time: Duration) -> Self {
        self.body_time = body_time;
        self
    }

    /// Sets the maximum size of the body of a control API request, in bytes.
    pub fn control_size(mut self, control_size: usize) -> Self {
        self.control_size = control_size;
        self
    }

    /// Sets the maximum time that a client may leave a response unread.
    pub fn write_time(mut self, write_time: Duration) -> Self {
        self.write_time = write_time;
        self
    }

    /// Sets the maximum time for requests in flight during a shutdown.
    pub fn stop_time(mut self, stop_time: Duration) -> Self {
        self.stop_time = stop_time;
        self
    }

    /// Sets the time for which a connection may start a request during a shutdown.
    pub fn last_call(mut self, last_call: Duration) -> Self {
        self.last_call = last_call;
        self
    }

    /// Raises each value to the smallest that can be served with, and limits times to those that
    /// timers can hold.
    fn clamped(mut self) -> Self {
        let counts = [
            &mut self.connections,
            &mut self.streams,
            &mut self.handshakes,
            &mut self.control_size,
        ];
        for count in counts {
            *count = (*count).max(1);
        }

        self.head_size = self.head_size.max(MIN_HEAD_SIZE);

        let times = [
            &mut self.handshake_time,
            &mut self.head_time,
            &mut self.body_time,
            &mut self.write_time,
            &mut self.stop_time,
            &mut self.last_call,
        ];
        for time in times {
            *time = (*time).clamp(MIN_TIME, MAX_TIME);
        }

        self
    }
}

fn at_least<'de, const MIN: usize, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<usize, D::Error> {
    let number = u64::deserialize(deserializer)?;
    usize::try_from(number).ok().filter(|number| *number >= MIN).ok_or_else(|| {
        let expected = format!("a number of at least {MIN}");
        D::Error::invalid_value(Unexpected::Unsigned(number), &expected.as_str())
    })
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let time = Duration::from(HumanDuration::deserialize(deserializer)?);
    if time.is_zero() {
        return Err(D::Error::custom("expected a duration above 0, such as 10s"));
    }
    Ok(time)
}

/// A limit that a client can reach.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Limit {
    Connections,
    /// The operating system's limit on open sockets.
    Sockets,
    Handshakes,
    HandshakeTime,
    HeadSize,
    HeadTime,
    BodySize,
    BodyTime,
    ControlSize,
    WriteTime,
}

/// The limits of a server, and which of them have been reached.
#[derive(Debug, Default)]
pub(crate) struct LimitMonitor {
    limits: Limits,
    /// The limits that have been logged: a bit for each [`Limit`].
    warned: AtomicU16,
}

impl LimitMonitor {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits: limits.clamped(), warned: AtomicU16::default() }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Logs a warning if the limit is reached for the first time.
    pub(crate) fn report(&self, limit: Limit) {
        let bit = 1 << limit as u8;

        // Of concurrent requests, only the one that sets the bit logs the warning.
        if self.warned.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            tracing::warn!("limit reached: {} (logged once)", self.message(limit));
        }
    }

    /// Describes the limit, what happens to a client that reaches it, and the option that sets it.
    fn message(&self, limit: Limit) -> String {
        let Limits {
            connections,
            handshakes,
            handshake_time,
            head_size,
            head_time,
            body_time,
            control_size,
            write_time,
            ..
        } = &self.limits;

        match limit {
            Limit::Connections => format!(
                "{connections} connections are open; each new one closes the longest idle one, or \
                 waits while none is idle (--limit connections=...)"
            ),
            Limit::Sockets => "the system has no more sockets; each new connection closes the \
                               longest idle one (ulimit -n)"
                .to_owned(),
            Limit::Handshakes => format!(
                "{handshakes} TLS handshakes are in progress; each new one aborts the oldest one \
                 (--limit handshakes=...)"
            ),
            Limit::HandshakeTime => format!(
                "a TLS handshake took longer than {handshake_time:?} and was aborted (--limit \
                 handshake_time=...)"
            ),
            Limit::HeadSize => format!(
                "the head of a request was larger than {head_size} bytes and was refused (--limit \
                 head_size=...)"
            ),
            Limit::HeadTime => format!(
                "the head of a request took longer than {head_time:?} and its connection was \
                 closed (--limit head_time=...)"
            ),
            Limit::BodySize => "the body of a request was larger than 64 KiB and was refused (row \
                                4 of the decision table)"
                .to_owned(),
            Limit::BodyTime => format!(
                "the body of a request took longer than {body_time:?} and was refused (--limit \
                 body_time=...)"
            ),
            Limit::ControlSize => format!(
                "the body of a control API request was larger than {control_size} bytes and was \
                 refused (--limit control_size=...)"
            ),
            Limit::WriteTime => format!(
                "a client left a response unread for {write_time:?} and its connection was closed \
                 (--limit write_time=...)"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn each_warning_names_the_option_that_changes_the_limit() {
        use Limit::{
            BodySize, BodyTime, Connections, ControlSize, HandshakeTime, Handshakes, HeadSize,
            HeadTime, Sockets, WriteTime,
        };

        let monitor = LimitMonitor::default();
        let options = [
            (Connections, "connections", json!(1)),
            (Handshakes, "handshakes", json!(1)),
            (HandshakeTime, "handshake_time", json!("1s")),
            (HeadSize, "head_size", json!(8192)),
            (HeadTime, "head_time", json!("1s")),
            (BodyTime, "body_time", json!("1s")),
            (ControlSize, "control_size", json!(1)),
            (WriteTime, "write_time", json!("1s")),
        ];

        for (limit, name, value) in options {
            let message = monitor.message(limit);
            assert!(message.contains(&format!("--limit {name}=...")), "{message}");
            assert!(serde_json::from_value::<Limits>(json!({ name: value })).is_ok(), "{name}");
        }
        assert!(monitor.message(Sockets).contains("ulimit -n"));
        assert!(monitor.message(BodySize).contains("row 4"));
    }

    fn error(limits: Value) -> String {
        serde_json::from_value::<Limits>(limits).unwrap_err().to_string()
    }

    #[test]
    fn limits_are_read_by_name_and_an_error_says_what_is_expected() {
        let limits: Limits =
            serde_json::from_value(json!({ "head_time": "5s", "connections": 7 })).unwrap();
        assert_eq!((limits.head_time, limits.connections), (Duration::from_secs(5), 7));
        assert_eq!(limits.body_time, Limits::default().body_time);

        for (limits, expected) in [
            (json!({ "conections": 7 }), "unknown field `conections`"),
            (json!({ "connections": 0 }), "expected a number of at least 1"),
            (json!({ "connections": -1 }), "expected"),
            (json!({ "connections": "many" }), "expected"),
            (json!({ "head_size": 100 }), "expected a number of at least 8192"),
            (json!({ "head_time": "0s" }), "expected a duration above 0"),
            (json!({ "head_time": 5 }), "has no unit"),
        ] {
            let error = error(limits.clone());
            assert!(error.contains(expected), "{limits}: {error}");
        }
    }

    #[test]
    fn values_that_cannot_be_served_with_are_clamped() {
        let limits = Limits::default().connections(0).head_size(0).head_time(Duration::MAX);
        let monitor = LimitMonitor::new(limits.write_time(Duration::ZERO));
        let limits = monitor.limits();
        assert_eq!((limits.connections, limits.head_size), (1, MIN_HEAD_SIZE));
        assert_eq!((limits.head_time, limits.write_time), (MAX_TIME, MIN_TIME));
    }
}
