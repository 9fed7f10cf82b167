//! Rules that look at each request alone.

use super::{History, Observation, Rule, Severity, Tally};

/// A rule that every request breaks for which a function returns true.
pub(super) struct Each {
    pub(super) is_broken: fn(&Observation<'_>) -> bool,
}

impl Rule for Each {
    fn observe(&mut self, seen: &Observation<'_>, _: &History, tally: &mut Tally) {
        if (self.is_broken)(seen) {
            tally.add([seen.id]);
        }
    }
}

/// A rule about HTTPS: a warning for each request, but one remark on a server without HTTPS, where a client
/// has no choice.
pub(super) struct EachWithHttps {
    pub(super) is_broken: fn(&Observation<'_>) -> bool,
}

impl Rule for EachWithHttps {
    fn observe(&mut self, seen: &Observation<'_>, _: &History, tally: &mut Tally) {
        if !(self.is_broken)(seen) {
            return;
        }

        if seen.conditions.has_https {
            tally.add([seen.id]);
        } else if tally.times == 0 {
            tally.add_as(Severity::Info, [seen.id]);
        }
    }
}
