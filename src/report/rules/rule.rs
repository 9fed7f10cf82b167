//! What a rule is.

use std::time::Instant;

use super::{History, Observation, Severity, Tally};

/// A rule: what users read of it, and how it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RuleInfo {
    /// The name.
    pub(crate) name: &'static str,
    /// The usual severity.
    pub(crate) severity: Severity,
    /// What was observed.
    pub(crate) text: &'static str,
    /// What the client should do.
    pub(crate) help: &'static str,
    /// Creates the rule, which remembers nothing yet.
    pub(in crate::report) create: fn() -> Box<dyn Rule>,
}

/// A rule that requests may break.
pub(in crate::report) trait Rule: Send {
    /// Looks at a complete request, before `history` has it.
    fn observe(&mut self, seen: &Observation<'_>, history: &History, tally: &mut Tally);

    /// Looks at a request or handshake whose response hangs until its client gives up.
    fn begin_hang(&mut self, _hang: &HangSpan) {}

    /// Looks at a hanging request or handshake whose client has given up.
    fn end_hang(&mut self, _hang: &HangSpan, _end: Instant, _tally: &mut Tally) {}

    /// Counts what breaks the rule only because time has passed.
    fn count_pending(&self, _now: Now, _tally: &mut Tally) {}
}

/// A request or handshake whose response hangs.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct HangSpan {
    pub(in crate::report) number: u64,
    /// The request, unless it is a handshake.
    pub(in crate::report) request: Option<u64>,
    pub(in crate::report) start: Instant,
}

/// The time of a report.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Now {
    pub(in crate::report) at: Instant,
    /// By the realm's clock, in milliseconds since 1970.
    pub(in crate::report) ms: i64,
}
