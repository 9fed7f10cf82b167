//! What is being noted of a request while it is answered.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use super::notes::{self, Note};
use super::redact::{fingerprint, name_shown, parameters, truncate};
use super::{
    Issued, IssuedKind, Journal, RecordedEndpoint, RecordedOutcome, RecordedParam, RecordedRequest,
};
use crate::oauth::form::{is_known, near_known};
use crate::scenario::{Fault, Selection};
use crate::token::read_jti;

/// How many parameters that nobody knows are noted.
const MOST_UNKNOWN: usize = 4;

/// How a request arrived.
#[derive(Debug)]
pub(crate) struct RequestInfo {
    pub(crate) realm: Arc<str>,
    /// By the realm's clock, in milliseconds since 1970.
    pub(crate) time_ms: i64,
    pub(crate) started: Instant,
    pub(crate) method: String,
    /// Within the realm.
    pub(crate) path: String,
    pub(crate) scheme: &'static str,
    pub(crate) certificate: Option<Arc<str>>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) correlation: Correlation,
    /// Whether it has an `Authorization` header with Basic credentials.
    pub(crate) has_basic: bool,
}

/// The form of a request's correlation id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Correlation {
    None,
    Malformed,
    Good,
}

impl Correlation {
    /// Source K: 36 characters of a few.
    pub(crate) fn of(id: Option<&str>) -> Self {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b".-_:".contains(&b);
        match id {
            None | Some("") => Self::None,
            Some(id) if id.len() == 36 && id.bytes().all(allowed) => Self::Good,
            Some(_) => Self::Malformed,
        }
    }
}

/// What an answer tells of its error.
#[derive(Clone, Debug, Default)]
pub(crate) struct ErrorTag {
    pub(crate) error: Option<String>,
    pub(crate) row: Option<u8>,
}

/// Whose parameters they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParamPolicy {
    /// The service's own, all of them known.
    Documented,
    /// An API's, which may have any.
    AllowAny,
}

/// What the stations of a request's way note of it. Clones note on the same entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestRecorder(Arc<Mutex<PartialEntry>>);

#[derive(Debug, Default)]
struct PartialEntry {
    endpoint: RecordedEndpoint,
    client_id: Option<String>,
    merchant_id: Option<String>,
    grant_type: Option<String>,
    params: std::collections::BTreeMap<String, RecordedParam>,
    has_state: bool,
    scenario: Option<String>,
    fault: Option<Fault>,
    issued: Vec<Issued>,
    notes: Vec<Note>,
}

impl RequestRecorder {
    pub(crate) fn endpoint(&self, endpoint: impl Into<RecordedEndpoint>) {
        self.0.lock().endpoint = endpoint.into();
    }

    /// The parameters of a request, in their order.
    pub(crate) fn parameters<'p>(
        &self,
        sent: impl Iterator<Item = (&'p str, &'p str)> + Clone,
        whose: ParamPolicy,
    ) {
        let mut entry = self.0.lock();
        let open = whose == ParamPolicy::AllowAny;
        entry.params.extend(parameters(sent.clone(), open));
        if open {
            return;
        }
        let mut unknown = 0_usize;
        let (mut mock, mut clicked) = (false, false);
        for (i, (name, value)) in sent.enumerate() {
            match name {
                "grant_type" => entry.grant_type = Some(truncate(value)),
                "client_id" => entry.client_id = Some(truncate(value)),
                "state" => entry.has_state = !value.is_empty(),
                "mock_consent" | "mock_merchant" => mock = true,
                // The consent page names the merchant in the same way.
                "mock_decision" => clicked = true,
                _ if is_known(name) => {}
                _ => {
                    let note = notes::unknown_parameter(&name_shown(name, i + 1), near_known(name));
                    if !entry.notes.contains(&note) {
                        unknown += 1;
                        if unknown <= MOST_UNKNOWN {
                            entry.notes.push(note);
                        }
                    }
                }
            }
        }
        if let Some(more @ 1..) = unknown.checked_sub(MOST_UNKNOWN) {
            entry.notes.push(notes::more_unknown(more));
        }
        if mock && !clicked {
            entry.notes.push(notes::MOCK_CONSENT.into());
        }
    }

    /// The access token that stands in the `Authorization` header.
    pub(crate) fn bearer(&self, token: &str) {
        let fingerprint = fingerprint(token);
        let shown = RecordedParam::Fingerprint { fingerprint };
        self.0.lock().params.insert("access_token".to_owned(), shown);
    }

    pub(crate) fn client(&self, id: &str) {
        self.0.lock().client_id = Some(truncate(id));
    }

    pub(crate) fn merchant(&self, id: &str) {
        self.0.lock().merchant_id = Some(truncate(id));
    }

    /// A scenario takes part.
    pub(crate) fn scenario(&self, name: &str, fault: Option<Fault>) {
        let mut entry = self.0.lock();
        entry.scenario = Some(name.to_owned());
        entry.fault = fault;
    }

    /// The request names its scenario itself.
    pub(crate) fn selected(&self, named: &Option<Selection>) {
        let note = match named {
            Some(Selection::Step(_)) => notes::PICKED,
            Some(Selection::Exhausted) => notes::SPENT,
            None => return,
        };
        self.0.lock().notes.push(note.into());
    }

    /// The request took effect, and something else is sent in place of its answer.
    pub(crate) fn took_effect(&self) {
        self.0.lock().notes.push(notes::TOOK_EFFECT.into());
    }

    pub(crate) fn issued(&self, kind: IssuedKind, token: &str) {
        let jti = if kind == IssuedKind::Code { None } else { read_jti(token) };
        self.0.lock().issued.push(Issued { kind, jti, fingerprint: fingerprint(token) });
    }

    /// Enters the request into the journal. No status: nothing was sent.
    pub(crate) fn enter(
        &self,
        journal: &Journal,
        request: RequestInfo,
        status: Option<u16>,
        error_tag: ErrorTag,
    ) {
        let entry = std::mem::take(&mut *self.0.lock());
        let mut notes = notes::of_arrival(entry.endpoint, &request, entry.has_state);
        notes.extend(entry.notes);
        if status.is_none() && entry.fault.is_none() {
            notes.push(notes::GAVE_UP.into());
        }
        let duration_us = request.started.elapsed().as_micros();
        journal.enter(RecordedRequest {
            id: 0,
            time_ms: request.time_ms,
            realm: request.realm,
            endpoint: entry.endpoint,
            method: request.method,
            path: truncate(&request.path),
            scheme: request.scheme,
            certificate: request.certificate,
            client_id: entry.client_id,
            merchant_id: entry.merchant_id,
            grant_type: entry.grant_type,
            correlation_id: request.correlation_id.map(|id| truncate(&id)),
            params: entry.params,
            outcome: RecordedOutcome {
                status,
                error: error_tag.error,
                row: error_tag.row,
                scenario: entry.scenario,
                fault: entry.fault,
            },
            issued: entry.issued,
            duration_us: u64::try_from(duration_us).unwrap_or(u64::MAX),
            notes,
            started: request.started,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_correlation_id() {
        for (id, form) in [
            (None, Correlation::None),
            (Some(""), Correlation::None),
            (Some("id-7"), Correlation::Malformed),
            (Some("9a341edd-3ceb-4b36-b423-9088e9bad5a0"), Correlation::Good),
            (Some("9a341edd-3ceb-4b36-b423-9088e9bad5a "), Correlation::Malformed),
            (Some("9a341edd-3ceb-4b36-b423-9088e9bad5a01"), Correlation::Malformed),
        ] {
            assert_eq!(Correlation::of(id), form, "{id:?}");
        }
    }
}
