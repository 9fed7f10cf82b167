//! How much of the server a client may take up, and word of it when one wants more.

use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected};

use crate::units::HumanDuration;

/// The smallest head that HTTP/1.1 can be read with, in bytes.
const LEAST_HEAD: usize = 8 * 1024;
const LEAST_TIME: Duration = Duration::from_millis(1);
/// A hundred years, like a [`HumanDuration`]'s: timers would overflow with what lies far beyond.
const MOST_TIME: Duration = Duration::from_secs(36_525 * 24 * 60 * 60);

/// LimitMonitor on what clients may take of the server, so that none of them keeps it from the others.
/// The first time that one is reached, the log says so.
///
/// A value that nothing could be served with counts as the nearest that will do: 1 of everything,
/// 1 ms, 8 KiB of head. [`Duration::MAX`] is as good as no bound.
///
/// ```
/// use std::time::Duration;
/// use smartpay_oauth_mock::{Limits, MockAuthServer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limits = Limits { head_time: Duration::from_secs(5), ..Limits::default() };
/// let server = MockAuthServer::builder().limits(limits).start().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// How many connections may be open, those of realms' own ports included. For one more, the
    /// connection that has been idle longest is closed; while none is idle, the new one waits.
    /// 16,384 unless set.
    #[serde(deserialize_with = "count")]
    pub connections: usize,
    /// How many requests of one HTTP/2 connection are answered at once. Clients are warned and wait,
    /// so the log has no word of it. 200 unless set.
    #[serde(deserialize_with = "count")]
    pub streams: usize,
    /// How many TLS handshakes may be going on at a listener. For one more, the oldest is given
    /// up. 500 unless set.
    #[serde(deserialize_with = "count")]
    pub handshakes: usize,
    /// How long a TLS handshake may take. 10 s unless set.
    #[serde(deserialize_with = "time")]
    pub handshake_time: Duration,
    /// How many bytes the head of a request may have. 65,536 unless set.
    #[serde(deserialize_with = "head")]
    pub head_size: usize,
    /// How long the head of a request may take, and how long a connection may be idle. 60 s unless
    /// set.
    #[serde(deserialize_with = "time")]
    pub head_time: Duration,
    /// How long the body of a request may take. 30 s unless set. (The size of a form is no setting:
    /// it is row 4 of the table.)
    #[serde(deserialize_with = "time")]
    pub body_time: Duration,
    /// How many bytes the body of a control call may have. 16 MiB unless set.
    #[serde(deserialize_with = "count")]
    pub control_size: usize,
    /// How long a client may leave an answer unread. 30 s unless set.
    #[serde(deserialize_with = "time")]
    pub write_time: Duration,
    /// How long requests in flight may take once the server is asked to stop. 8 s unless set: less
    /// than the ten after which container engines kill.
    #[serde(deserialize_with = "time")]
    pub stop_time: Duration,
    /// How long an open connection may still begin a request then; over HTTP/2 client and server
    /// settle that between them. 250 ms unless set.
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

fn at_least<'de, D: Deserializer<'de>>(least: usize, deserializer: D) -> Result<usize, D::Error> {
    let number = u64::deserialize(deserializer)?;
    let expected = format!("a number from {least} on");
    usize::try_from(number)
        .ok()
        .filter(|number| *number >= least)
        .ok_or_else(|| D::Error::invalid_value(Unexpected::Unsigned(number), &expected.as_str()))
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    at_least(1, deserializer)
}

fn head<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    at_least(LEAST_HEAD, deserializer)
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let time = Duration::from(HumanDuration::deserialize(deserializer)?);
    match time.is_zero() {
        false => Ok(time),
        true => Err(D::Error::custom("a length of time above 0 is expected, such as 10s")),
    }
}

/// A limit that a client can reach.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Limit {
    Connections,
    /// The system's own limit on open sockets.
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
    /// A bit for each [`Limit`].
    warned: AtomicU16,
}

impl LimitMonitor {
    pub(crate) fn new(limits: Limits) -> Self {
        let count = |number: usize| number.max(1);
        let time = |time: Duration| time.clamp(LEAST_TIME, MOST_TIME);
        let limits = Limits {
            connections: count(limits.connections),
            streams: count(limits.streams),
            handshakes: count(limits.handshakes),
            handshake_time: time(limits.handshake_time),
            head_size: limits.head_size.max(LEAST_HEAD),
            head_time: time(limits.head_time),
            body_time: time(limits.body_time),
            control_size: count(limits.control_size),
            write_time: time(limits.write_time),
            stop_time: time(limits.stop_time),
            last_call: time(limits.last_call),
        };
        Self { limits, warned: AtomicU16::default() }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Tells of it, if it is the first time.
    pub(crate) fn reached(&self, limit: Limit) {
        let bit = 1 << limit as u8;
        if self.warned.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            tracing::warn!("a limit was reached: {} (warned once)", self.message(limit));
        }
    }

    /// What was reached, what happens to whoever reaches it, and what changes it.
    fn message(&self, limit: Limit) -> String {
        let limits = &self.limits;
        let setting = |name: &str| format!("--limit {name}=... sets it");
        match limit {
            Limit::Connections => format!(
                "{} connections are open; for each new one the longest idle is closed, or it waits \
                 while none is; {}",
                limits.connections,
                setting("connections")
            ),
            Limit::Sockets => "the system gives no more sockets; for each new connection the \
                               longest idle is closed; ulimit -n sets it"
                .to_owned(),
            Limit::Handshakes => format!(
                "{} TLS handshakes are going on; for each new one the oldest is given up; {}",
                limits.handshakes,
                setting("handshakes")
            ),
            Limit::HandshakeTime => format!(
                "a TLS handshake took longer than {:?} and was given up; {}",
                limits.handshake_time,
                setting("handshake_time")
            ),
            Limit::HeadSize => format!(
                "the head of a request had more than {} bytes and was refused; {}",
                limits.head_size,
                setting("head_size")
            ),
            Limit::HeadTime => format!(
                "the head of a request took longer than {:?}, and its connection was closed; {}",
                limits.head_time,
                setting("head_time")
            ),
            Limit::BodySize => {
                "the body of a request had more than 64 KiB and was refused: row 4 of the table"
                    .to_owned()
            }
            Limit::BodyTime => format!(
                "the body of a request took longer than {:?} and was refused; {}",
                limits.body_time,
                setting("body_time")
            ),
            Limit::ControlSize => format!(
                "the body of a control call had more than {} bytes and was refused; {}",
                limits.control_size,
                setting("control_size")
            ),
            Limit::WriteTime => format!(
                "a client left an answer unread for {:?}, and its connection was closed; {}",
                limits.write_time,
                setting("write_time")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::read_text;

    #[test]
    fn whoever_is_told_of_a_limit_is_told_what_sets_it() {
        use Limit::{
            BodySize, BodyTime, Connections, ControlSize, HandshakeTime, Handshakes, HeadSize,
            HeadTime, Sockets, WriteTime,
        };
        let bounds = LimitMonitor::default();
        let settings = [
            (Connections, "connections", "1"),
            (Handshakes, "handshakes", "1"),
            (HandshakeTime, "handshake_time", r#""1s""#),
            (HeadSize, "head_size", "8192"),
            (HeadTime, "head_time", r#""1s""#),
            (BodyTime, "body_time", r#""1s""#),
            (ControlSize, "control_size", "1"),
            (WriteTime, "write_time", r#""1s""#),
        ];
        for (limit, name, value) in settings {
            let words = bounds.message(limit);
            assert!(words.contains(&format!("--limit {name}=...")), "{words}");
            read_text::<Limits>(&format!("{{{name:?}:{value}}}")).unwrap();
        }
        assert!(bounds.message(Sockets).contains("ulimit -n"));
        assert!(bounds.message(BodySize).contains("row 4"));
    }

    fn mistake(text: &str) -> String {
        read_text::<Limits>(text).unwrap_err()[0].message.clone()
    }

    #[test]
    fn limits_are_read_by_name_and_refused_with_what_would_be_right() {
        let limits = read_text::<Limits>(r#"{"head_time":"5s","connections":7}"#).unwrap();
        assert_eq!((limits.head_time, limits.connections), (Duration::from_secs(5), 7));
        assert_eq!(limits.body_time, Limits::default().body_time);
        for (text, expected) in [
            (r#"{"conections":7}"#, "did you mean \"connections\"?"),
            (r#"{"connections":0}"#, "expected a number from 1 on"),
            (r#"{"connections":-1}"#, "expected"),
            (r#"{"connections":"many"}"#, "expected"),
            (r#"{"head_size":100}"#, "expected a number from 8192 on"),
            (r#"{"head_time":"0s"}"#, "above 0 is expected"),
            (r#"{"head_time":5}"#, "has no unit"),
        ] {
            let mistake = mistake(text);
            assert!(mistake.contains(expected), "{text}: {mistake}");
        }
    }
}
