//! What is being noted of a request while it is answered.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use super::mask::{clip, fingerprint, name_shown, parameters};
use super::notes::{self, Note};
use super::{
    Issued, IssuedKind, Journal, RecordedEndpoint, RecordedOutcome, RecordedParam, RecordedRequest,
};
use crate::oauth::form::{is_known, near_known};
use crate::scenario::{Fault, Named};
use crate::token::read_jti;

/// How many parameters that nobody knows are noted.
const MOST_UNKNOWN: usize = 4;

/// How a request arrived.
#[derive(Debug)]
pub(crate) struct Arrival {
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
pub(crate) struct Told {
    pub(crate) error: Option<String>,
    pub(crate) row: Option<u8>,
}

/// Whose parameters they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parameters {
    /// The service's own, all of them known.
    Documented,
    /// An API's, which may have any.
    Open,
}

/// What the stations of a request's way note of it. Clones note on the same sheet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record(Arc<Mutex<Sheet>>);

#[derive(Debug, Default)]
struct Sheet {
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

impl Record {
    pub(crate) fn endpoint(&self, endpoint: impl Into<RecordedEndpoint>) {
        self.0.lock().endpoint = endpoint.into();
    }

    /// The parameters of a request, in their order.
    pub(crate) fn parameters<'p>(
        &self,
        sent: impl Iterator<Item = (&'p str, &'p str)> + Clone,
        whose: Parameters,
    ) {
        let mut sheet = self.0.lock();
        let open = whose == Parameters::Open;
        sheet.params.extend(parameters(sent.clone(), open));
        if open {
            return;
        }
        let mut unknown = 0_usize;
        let (mut mock, mut clicked) = (false, false);
        for (i, (name, value)) in sent.enumerate() {
            match name {
                "grant_type" => sheet.grant_type = Some(clip(value)),
                "client_id" => sheet.client_id = Some(clip(value)),
                "state" => sheet.has_state = !value.is_empty(),
                "mock_consent" | "mock_merchant" => mock = true,
                // The consent page names the merchant in the same way.
                "mock_decision" => clicked = true,
                _ if is_known(name) => {}
                _ => {
                    let note = notes::unknown_parameter(&name_shown(name, i + 1), near_known(name));
                    if !sheet.notes.contains(&note) {
                        unknown += 1;
                        if unknown <= MOST_UNKNOWN {
                            sheet.notes.push(note);
                        }
                    }
                }
            }
        }
        if let Some(more @ 1..) = unknown.checked_sub(MOST_UNKNOWN) {
            sheet.notes.push(notes::more_unknown(more));
        }
        if mock && !clicked {
            sheet.notes.push(notes::MOCK_CONSENT.into());
        }
    }

    /// The access token that stands in the `Authorization` header.
    pub(crate) fn bearer(&self, token: &str) {
        let fingerprint = fingerprint(token);
        let shown = RecordedParam::Fingerprint { fingerprint };
        self.0.lock().params.insert("access_token".to_owned(), shown);
    }

    pub(crate) fn client(&self, id: &str) {
        self.0.lock().client_id = Some(clip(id));
    }

    pub(crate) fn merchant(&self, id: &str) {
        self.0.lock().merchant_id = Some(clip(id));
    }

    /// A scenario takes part.
    pub(crate) fn scenario(&self, name: &str, fault: Option<Fault>) {
        let mut sheet = self.0.lock();
        sheet.scenario = Some(name.to_owned());
        sheet.fault = fault;
    }

    /// The request names its scenario itself.
    pub(crate) fn picked(&self, named: &Option<Named>) {
        let note = match named {
            Some(Named::Turn(_)) => notes::PICKED,
            Some(Named::Spent) => notes::SPENT,
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
        arrival: Arrival,
        status: Option<u16>,
        told: Told,
    ) {
        let sheet = std::mem::take(&mut *self.0.lock());
        let mut notes = notes::of_arrival(sheet.endpoint, &arrival, sheet.has_state);
        notes.extend(sheet.notes);
        if status.is_none() && sheet.fault.is_none() {
            notes.push(notes::GAVE_UP.into());
        }
        let duration_us = arrival.started.elapsed().as_micros();
        journal.enter(RecordedRequest {
            id: 0,
            time_ms: arrival.time_ms,
            realm: arrival.realm,
            endpoint: sheet.endpoint,
            method: arrival.method,
            path: clip(&arrival.path),
            scheme: arrival.scheme,
            certificate: arrival.certificate,
            client_id: sheet.client_id,
            merchant_id: sheet.merchant_id,
            grant_type: sheet.grant_type,
            correlation_id: arrival.correlation_id.map(|id| clip(&id)),
            params: sheet.params,
            outcome: RecordedOutcome {
                status,
                error: told.error,
                row: told.row,
                scenario: sheet.scenario,
                fault: sheet.fault,
            },
            issued: sheet.issued,
            duration_us: u64::try_from(duration_us).unwrap_or(u64::MAX),
            notes,
            started: arrival.started,
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
