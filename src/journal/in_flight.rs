//! A request that is being handled, and how it ends.

use super::facts::RequestFacts;
use super::notes;
use super::recorder::{ErrorTag, PartialEntry, RequestRecorder};
use super::redact::truncate;
use super::{RecordedEndpoint, RecordedOutcome, RecordedRequest, RequestInfo};

/// A request in the journal that is not complete yet.
#[derive(Debug)]
pub(crate) struct RequestInFlight {
    pub(super) id: u64,
    request: RequestInfo,
    recorder: RequestRecorder,
}

/// How a request ends.
#[derive(Clone, Debug)]
pub(crate) enum Completion {
    /// A response with this status is sent.
    Sent(u16, ErrorTag),
    /// A fault takes the place of the response.
    Withheld(ErrorTag),
    /// The client has closed the connection.
    ClientGone,
    /// The server stops before it has sent a response.
    ServerStopped,
}

impl RequestInFlight {
    pub(super) fn new(id: u64, request: RequestInfo, recorder: RequestRecorder) -> Self {
        Self { id, request, recorder }
    }

    /// Returns a request that is not in the journal of this process. A shared store numbers it.
    pub(crate) fn detached(request: RequestInfo, recorder: RequestRecorder) -> Self {
        Self { id: 0, request: request.bounded(), recorder }
    }

    /// Returns the number of the request.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Returns the entry as it is now, without an outcome.
    pub(crate) fn entry(&self) -> RecordedRequest {
        self.entry_with(self.recorder.snapshot(), None)
    }

    /// Returns the entry with its outcome, and what is known of the request besides.
    pub(crate) fn completed(&self, completion: Completion) -> (RecordedRequest, RequestFacts) {
        let mut partial = self.recorder.snapshot();
        let facts = RequestFacts { has_basic: self.request.has_basic, ..partial.facts.clone() };
        let last_note = match &completion {
            // A client that gets no response may close the connection.
            Completion::ClientGone if partial.fault.is_none() => Some(notes::CLOSED_EARLY),
            Completion::ServerStopped => Some(notes::SERVER_STOPPED),
            _ => None,
        };
        partial.notes.extend(last_note.map(Into::into));

        let (status, error_tag) = match completion {
            Completion::Sent(status, error_tag) => (Some(status), error_tag),
            Completion::Withheld(error_tag) => (None, error_tag),
            Completion::ClientGone | Completion::ServerStopped => (None, ErrorTag::default()),
        };
        let outcome = RecordedOutcome {
            status,
            error: error_tag.error,
            row: error_tag.row,
            scenario: partial.scenario.clone(),
            fault: partial.fault,
        };
        let entry = RecordedRequest {
            error_description: error_tag.description.as_deref().map(truncate),
            ..self.entry_with(partial, Some(outcome))
        };
        (entry, facts)
    }

    fn entry_with(
        &self,
        partial: PartialEntry,
        outcome: Option<RecordedOutcome>,
    ) -> RecordedRequest {
        let request = &self.request;

        // Before its handler has said so, nobody knows which endpoint a request belongs to.
        let is_known = outcome.is_some() || partial.endpoint != RecordedEndpoint::Unknown;
        let mut notes = if is_known {
            notes::on_arrival(request, partial.endpoint, partial.facts.has_state)
        } else {
            Vec::new()
        };
        notes.extend(partial.notes);

        let duration_us = request.started.elapsed().as_micros();
        RecordedRequest {
            id: self.id,
            time: request.time,
            realm: request.realm.clone(),
            endpoint: partial.endpoint,
            method: request.method.clone(),
            path: request.path.clone(),
            scheme: request.scheme,
            certificate: request.certificate.clone(),
            client_id: partial.client_id,
            merchant_id: partial.merchant_id,
            grant_type: partial.grant_type,
            correlation_id: request.correlation_id.clone(),
            params: partial.params,
            headers: partial.headers,
            outcome,
            error_description: None,
            issued: partial.issued,
            issued_claims: partial.issued_claims,
            duration_us: u64::try_from(duration_us).unwrap_or(u64::MAX),
            notes,
            started: request.started,
        }
    }
}
