//! Collects what the journal records of a request, while the request is handled.

use std::collections::HashSet;
use std::sync::Arc;

use axum::http::HeaderMap;
use parking_lot::Mutex;

use super::facts::{CredentialState, RequestFacts};
use super::notes::{self, Note};
use super::redact::{self, ParamPolicy, fingerprint, truncate};
use super::{
    Issued, IssuedClaims, IssuedKind, RecordedEndpoint, RecordedHeaders, RecordedParam,
    RecordedParams,
};
use crate::clock::from_ms;
use crate::oauth::SecretMistake;
use crate::oauth::form::near_known;
use crate::scenario::{Fault, Step};
use crate::token::{GrantId, ReadClaims};

/// The maximum number of notes on undocumented parameters of a request.
const MAX_UNKNOWN: usize = 4;

/// The error of a response, for the journal. It is an extension of the response.
#[derive(Clone, Debug, Default)]
pub(crate) struct ErrorTag {
    pub(crate) error: Option<String>,
    pub(crate) description: Option<String>,
    /// The row of the decision table.
    pub(crate) row: Option<u8>,
}

/// Records a request while it is handled. Clones record into the same entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestRecorder(Arc<Mutex<PartialEntry>>);

/// The part of an entry that is known before the response.
#[derive(Clone, Debug, Default)]
pub(super) struct PartialEntry {
    pub(super) endpoint: RecordedEndpoint,
    pub(super) client_id: Option<String>,
    pub(super) merchant_id: Option<String>,
    pub(super) grant_type: Option<String>,
    pub(super) params: RecordedParams,
    pub(super) headers: RecordedHeaders,
    pub(super) scenario: Option<String>,
    pub(super) fault: Option<Fault>,
    pub(super) issued: Vec<Issued>,
    pub(super) issued_claims: Vec<IssuedClaims>,
    pub(super) notes: Vec<Note>,
    pub(super) facts: RequestFacts,
    /// The number that a shared store has given the request.
    pub(super) number: Option<u64>,
}

impl RequestRecorder {
    /// Records the endpoint.
    pub(crate) fn endpoint(&self, endpoint: impl Into<RecordedEndpoint>) {
        self.0.lock().endpoint = endpoint.into();
    }

    /// Records the headers.
    pub(crate) fn headers(&self, headers: &HeaderMap) {
        self.0.lock().headers = redact::headers(headers);
    }

    /// Records the parameters, in their order.
    pub(crate) fn parameters<'p>(
        &self,
        params: impl Iterator<Item = (&'p str, &'p str)> + Clone,
        policy: ParamPolicy,
    ) {
        let mut entry = self.0.lock();
        entry.params.extend(redact::parameters(params.clone(), policy));
        redact::mask_repeated(&mut entry.headers, params.clone());

        // A request to an API may have any parameters, so there is nothing to note.
        if let ParamPolicy::Documented(documented) = policy {
            entry.note_unknown(params.clone(), documented, note_on_unknown);
            entry.read_documented(params);
        }
    }

    /// Records the parameters in the URL of a request whose parameters belong in its body, or of one
    /// that has no secret parameters.
    pub(crate) fn url_params<'p>(&self, params: impl Iterator<Item = (&'p str, &'p str)>) {
        let mut entry = self.0.lock();
        for (name, value) in params {
            entry.facts.has_url_params = true;
            entry.facts.has_url_secret |= redact::is_secret(name) && !value.is_empty();
        }
    }

    /// Records the grant of the code or token that the request presents.
    pub(crate) fn grant(&self, id: GrantId) {
        self.0.lock().facts.grant = Some(id);
    }

    /// Records what is special about the code or token that the request presents.
    pub(crate) fn credential(&self, state: CredentialState) {
        self.0.lock().facts.credential = Some(state);
    }

    /// Records other facts.
    pub(crate) fn facts(&self, record: impl FnOnce(&mut RequestFacts)) {
        record(&mut self.0.lock().facts);
    }

    /// Records the access token of the `Authorization` header.
    pub(crate) fn bearer(&self, token: &str) {
        let value = RecordedParam::Fingerprint { fingerprint: fingerprint(token) };
        self.0.lock().params.insert("access_token", value);
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
        entry.scenario = Some(name.to_owned());
        entry.fault = fault;
    }

    /// Records the step of the scenario that the request names, or that it has none left.
    pub(crate) fn selected(&self, step: &Option<Step>) {
        let note = if step.is_some() { notes::SELECTED } else { notes::EXHAUSTED };
        self.0.lock().notes.push(note.into());
    }

    /// Records that the form declares another charset than UTF-8.
    pub(crate) fn other_charset(&self) {
        self.0.lock().notes.push(notes::OTHER_CHARSET.into());
    }

    /// Records that the client secret is right but for a mistake.
    pub(crate) fn secret_mistake(&self, mistake: SecretMistake) {
        self.0.lock().notes.push(notes::secret_mistake(mistake));
    }

    /// Records that the code is a refresh token.
    pub(crate) fn refresh_token_as_code(&self) {
        self.0.lock().notes.push(notes::REFRESH_TOKEN_AS_CODE.into());
    }

    /// Records that the request took effect although its response is replaced.
    pub(crate) fn took_effect(&self) {
        let mut entry = self.0.lock();
        entry.facts.is_replaced = true;
        entry.notes.push(notes::TOOK_EFFECT.into());
    }

    /// Records a code, or a token with its claims, that was issued.
    pub(crate) fn issued(&self, kind: IssuedKind, token: &str, claims: Option<ReadClaims>) {
        let times = claims.as_ref().map_or_else(IssuedClaims::default, |claims| IssuedClaims {
            iat: claims.issued_at_ms.map(from_ms),
            expires_in: claims.expires_at_ms.map(from_ms),
        });
        let jti = claims.map(|claims| claims.jti);

        let mut entry = self.0.lock();
        entry.issued.push(Issued { kind, jti, fingerprint: fingerprint(token) });
        entry.issued_claims.push(times);
    }

    /// Returns the endpoint that was recorded.
    pub(crate) fn recorded_endpoint(&self) -> RecordedEndpoint {
        self.0.lock().endpoint
    }

    /// Records the number that a shared store gives the request.
    pub(crate) fn number(&self, number: u64) {
        self.0.lock().number = Some(number);
    }

    /// Returns the number that a shared store has given the request.
    pub(crate) fn numbered(&self) -> Option<u64> {
        self.0.lock().number
    }

    /// Returns what is known of the request so far.
    pub(super) fn snapshot(&self) -> PartialEntry {
        self.0.lock().clone()
    }
}

impl PartialEntry {
    /// Adds a note on each parameter that is not documented for the endpoint, up to a maximum: the
    /// rest is only counted.
    fn note_unknown<'p>(
        &mut self,
        params: impl Iterator<Item = (&'p str, &'p str)>,
        documented: &[&str],
        mut make_note: impl FnMut(&str, usize, &[&str]) -> Note,
    ) {
        let mut unknown = HashSet::new();
        for (i, (name, _)) in params.enumerate() {
            // Those of the mock itself have a note of their own.
            if documented.contains(&name) || name.starts_with("mock_") {
                continue;
            }

            // A secret in the URL of the authorize endpoint has a rule of its own.
            let is_browser = self.endpoint == RecordedEndpoint::Authorize;
            self.facts.has_unknown_param |= !(is_browser && redact::is_secret(name));

            // The limit bounds the size of an entry. A note takes a comparison with all known names.
            if unknown.insert(name) && unknown.len() <= MAX_UNKNOWN {
                self.notes.push(make_note(name, i + 1, documented));
            }
        }

        if let Some(more @ 1..) = unknown.len().checked_sub(MAX_UNKNOWN) {
            self.notes.push(notes::more_unknown_parameters(more));
        }
    }

    /// Reads the parameters that have a member of their own, or a note.
    fn read_documented<'p>(&mut self, params: impl Iterator<Item = (&'p str, &'p str)>) {
        let (mut has_mock, mut is_consent_page) = (false, false);
        let (mut has_code, mut has_refresh_token) = (false, false);
        let mut has_state = false;

        for (name, value) in params {
            match name {
                "grant_type" => self.grant_type = Some(truncate(value)),
                "client_id" => self.client_id = Some(truncate(value)),
                "state" => has_state = !value.is_empty(),
                "code" => has_code = !value.is_empty(),
                "refresh_token" => has_refresh_token = !value.is_empty(),
                "mock_consent" | "mock_merchant" => has_mock = true,
                "mock_decision" => is_consent_page = true,
                _ => {}
            }
        }
        self.facts.has_state = Some(has_state);
        self.facts.is_click = is_consent_page;

        if self.endpoint == RecordedEndpoint::Token {
            let is_refresh = self.grant_type.as_deref() == Some("refresh_token");
            match (has_code, has_refresh_token) {
                (true, true) => self.notes.push(notes::CODE_AND_REFRESH_TOKEN.into()),
                (true, false) if is_refresh => {
                    self.notes.push(notes::REFRESH_TOKEN_AS_CODE.into());
                }
                _ => {}
            }
        }
        // The form of the consent page has mock_merchant, too.
        if has_mock && !is_consent_page {
            self.notes.push(notes::MOCK_CONSENT.into());
        }
    }
}

fn note_on_unknown(name: &str, position: usize, documented: &[&str]) -> Note {
    if name == "redirect_uri" && documented.contains(&"redirect_url") {
        return notes::REDIRECT_URI.into();
    }

    let similar = near_known(name).filter(|similar| documented.contains(similar));
    notes::unknown_parameter(&redact::parameter_name(name, position), similar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_very_many_unknown_parameters_only_the_noted_ones_are_compared() {
        let names: Vec<String> = (0..13_000).map(|i| format!("x{i}")).collect();
        let params = names.iter().chain(&names).map(|name| (name.as_str(), "1"));
        let mut entry = PartialEntry::default();

        let mut compared = 0;
        entry.note_unknown(params, &["code"], |name, position, documented| {
            compared += 1;
            note_on_unknown(name, position, documented)
        });

        assert_eq!(compared, MAX_UNKNOWN);
        assert_eq!(entry.notes.len(), MAX_UNKNOWN + 1);
        let more = notes::more_unknown_parameters(13_000 - MAX_UNKNOWN);
        assert_eq!(entry.notes.last(), Some(&more));
    }
}
