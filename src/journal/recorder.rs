//! Collects what the journal records of a request, while the request is handled.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::notes::{self, Note};
use super::redact::{self, ParamPolicy, fingerprint, truncate};
use super::{
    Issued, IssuedKind, Journal, RecordedEndpoint, RecordedOutcome, RecordedParam, RecordedRequest,
    RequestInfo,
};
use crate::oauth::form::{is_known, near_known};
use crate::scenario::{Fault, Selection};
use crate::token::read_jti;

/// The maximum number of notes on undocumented parameters of a request.
const MAX_UNKNOWN: usize = 4;

/// The error of a response, for the journal. It is an extension of the response.
#[derive(Clone, Debug, Default)]
pub(crate) struct ErrorTag {
    pub(crate) error: Option<String>,
    /// The row of the decision table.
    pub(crate) row: Option<u8>,
}

/// Records a request while it is handled. Clones record into the same entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestRecorder(Arc<Mutex<PartialEntry>>);

/// The part of an entry that is known before the response.
#[derive(Debug, Default)]
struct PartialEntry {
    endpoint: RecordedEndpoint,
    client_id: Option<String>,
    merchant_id: Option<String>,
    grant_type: Option<String>,
    params: BTreeMap<String, RecordedParam>,
    has_state: bool,
    /// The scenario and its fault; the rest is not known yet.
    outcome: RecordedOutcome,
    issued: Vec<Issued>,
    notes: Vec<Note>,
}

impl RequestRecorder {
    /// Records the endpoint.
    pub(crate) fn endpoint(&self, endpoint: impl Into<RecordedEndpoint>) {
        self.0.lock().endpoint = endpoint.into();
    }

    /// Records the parameters, in their order.
    pub(crate) fn parameters<'p>(
        &self,
        params: impl Iterator<Item = (&'p str, &'p str)> + Clone,
        policy: ParamPolicy,
    ) {
        let mut entry = self.0.lock();
        entry.params.extend(redact::parameters(params.clone(), policy));

        // A request to an API may have any parameters, so there is nothing to note.
        if policy == ParamPolicy::Documented {
            entry.note_unknown(params.clone());
            entry.read_documented(params);
        }
    }

    /// Records the access token of the `Authorization` header.
    pub(crate) fn bearer(&self, token: &str) {
        let value = RecordedParam::Fingerprint { fingerprint: fingerprint(token) };
        self.0.lock().params.insert("access_token".to_owned(), value);
    }

    /// Records the client.
    pub(crate) fn client(&self, id: &str) {
        self.0.lock().client_id = Some(truncate(id));
    }

    /// Records the merchant.
    pub(crate) fn merchant(&self, id: &str) {
        self.0.lock().merchant_id = Some(truncate(id));
    }

    /// Records the scenario that matched.
    pub(crate) fn scenario(&self, name: &str, fault: Option<Fault>) {
        let mut entry = self.0.lock();
        entry.outcome.scenario = Some(name.to_owned());
        entry.outcome.fault = fault;
    }

    /// Records what the request selected by the name of a scenario.
    pub(crate) fn selected(&self, selection: &Option<Selection>) {
        let note = match selection {
            Some(Selection::Step(_)) => notes::SELECTED,
            Some(Selection::Exhausted) => notes::EXHAUSTED,
            None => return,
        };
        self.0.lock().notes.push(note.into());
    }

    /// Records that the form declares another charset than UTF-8.
    pub(crate) fn other_charset(&self) {
        self.0.lock().notes.push(notes::OTHER_CHARSET.into());
    }

    /// Records that the request took effect although its response is replaced.
    pub(crate) fn took_effect(&self) {
        self.0.lock().notes.push(notes::TOOK_EFFECT.into());
    }

    /// Records a code or token that was issued.
    pub(crate) fn issued(&self, kind: IssuedKind, token: &str) {
        let jti = if kind == IssuedKind::Code { None } else { read_jti(token) };
        self.0.lock().issued.push(Issued { kind, jti, fingerprint: fingerprint(token) });
    }

    /// Enters the request into the journal. The status is `None` if no response was sent.
    pub(crate) fn enter(
        &self,
        journal: &Journal,
        request: RequestInfo,
        status: Option<u16>,
        error_tag: ErrorTag,
    ) {
        let entry = std::mem::take(&mut *self.0.lock());

        let mut notes = notes::on_arrival(&request, entry.endpoint, entry.has_state);
        notes.extend(entry.notes);
        // A fault sends no response, either, but not because of the client.
        if status.is_none() && entry.outcome.fault.is_none() {
            notes.push(notes::CLOSED_EARLY.into());
        }

        let duration_us = request.started.elapsed().as_micros();
        journal.append(RecordedRequest {
            // The journal assigns the number.
            id: 0,
            time: request.time,
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
                ..entry.outcome
            },
            issued: entry.issued,
            duration_us: u64::try_from(duration_us).unwrap_or(u64::MAX),
            notes,
            started: request.started,
        });
    }
}

impl PartialEntry {
    /// Adds a note on each parameter that is not documented, up to a maximum.
    fn note_unknown<'p>(&mut self, params: impl Iterator<Item = (&'p str, &'p str)>) {
        let mut unknown = 0_usize;
        for (i, (name, _)) in params.enumerate().filter(|(_, (name, _))| !is_known(name)) {
            let name_or_position = redact::parameter_name(name, i + 1);
            let note = notes::unknown_parameter(&name_or_position, near_known(name));
            if self.notes.contains(&note) {
                continue;
            }

            // The limit bounds the size of an entry.
            unknown += 1;
            if unknown <= MAX_UNKNOWN {
                self.notes.push(note);
            }
        }

        if let Some(more @ 1..) = unknown.checked_sub(MAX_UNKNOWN) {
            self.notes.push(notes::more_unknown_parameters(more));
        }
    }

    /// Reads the parameters that have a member of their own, or a note.
    fn read_documented<'p>(&mut self, params: impl Iterator<Item = (&'p str, &'p str)>) {
        let (mut has_mock, mut is_consent_page) = (false, false);
        for (name, value) in params {
            match name {
                "grant_type" => self.grant_type = Some(truncate(value)),
                "client_id" => self.client_id = Some(truncate(value)),
                "state" => self.has_state = !value.is_empty(),
                "mock_consent" | "mock_merchant" => has_mock = true,
                "mock_decision" => is_consent_page = true,
                _ => {}
            }
        }

        // The form of the consent page has mock_merchant, too.
        if has_mock && !is_consent_page {
            self.notes.push(notes::MOCK_CONSENT.into());
        }
    }
}
