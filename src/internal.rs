//! Functions for this project's own benchmarks and fuzz targets.
//!
//! They exist with the feature `internal` only, are not part of the API, and change in any release.

use std::sync::Arc;
use std::time::Instant;

use crate::fixture::{builtin, read_scenario};
use crate::flow::TokenRequest;
use crate::flow::token::check_rows;
use crate::journal::{Completion, ErrorTag, IssuedKind, ParamPolicy, RequestInfo, RequestRecorder};
use crate::oauth::{Form, scope};
use crate::realm::{Realm, RealmMap, RealmSeed, Registry};
use crate::scenario::Endpoint;
use crate::server::RealmHandle;
use crate::store::Grant;
use crate::token::{Claims, SigningKey, VerifiedClaims, read_claims};

/// The steps of a token request, each of which can be run alone, in a realm with the built-in
/// fixtures.
pub struct TokenSteps {
    realm: Arc<Realm>,
    registry: Arc<Registry>,
    key: SigningKey,
}

impl Default for TokenSteps {
    fn default() -> Self {
        let seed = RealmSeed::new(builtin(), crate::journal::DEFAULT_SIZE);
        let realm = Arc::clone(RealmMap::new(seed).default_realm());
        let registry = realm.registry();
        Self { realm, registry, key: SigningKey::development() }
    }
}

impl TokenSteps {
    /// Checks rows 5 and 6: whether the body is a form without duplicate parameters.
    pub fn parse_form(&self, body: &[u8]) -> bool {
        Form::parse(body).is_ok_and(|form| form.duplicate().is_none())
    }

    /// Checks rows 7 to 20. Signs nothing and changes no state.
    pub async fn decide(&self, body: &[u8]) -> bool {
        let Ok(form) = Form::parse(body) else { return false };

        let request = TokenRequest {
            realm: &self.realm,
            registry: &self.registry,
            key: &self.key,
            form: &form,
            authorization: None,
            certificate: None,
            step: None,
            recorder: &RequestRecorder::default(),
            found: None,
        };
        check_rows(&request).await.is_ok()
    }

    /// Encodes the header and the claims of an access token like the documented sample.
    pub fn encode_claims(&self) -> String {
        let scopes: Vec<String> = scope::documented().map(str::to_owned).collect();
        let claims = Claims {
            jti: "9a341edd-3ceb-4b36-b423-9088e9bad5a0",
            scopes: &scopes,
            iat: 1_619_518_736_895,
            associated_id: "samplepartner",
            client_id: "v6TJH1IqhM",
            merchant_id: "rahulrama",
            expires_in: 1_619_519_636_895,
            token_type: None,
            grant_type: "authorization_code",
            grant_time: "202104270318",
            extra: &self.registry.settings.extra_claims,
        };

        self.key.encode(&claims).unwrap_or_default()
    }

    /// Appends the signature to an encoded header and claims.
    pub fn sign(&self, unsigned: String) -> String {
        self.key.sign_encoded(unsigned).unwrap_or_default()
    }

    /// Records a successful exchange in the journal, with its form and the tokens it issued.
    pub fn record(&self, body: &[u8], tokens: [&str; 2]) {
        let recorder = RequestRecorder::default();
        recorder.endpoint(Endpoint::Token);
        if let Ok(form) = Form::parse(body) {
            let policy = ParamPolicy::Documented(&["client_id", "client_secret", "grant_type"]);
            recorder.parameters(form.iter(), policy);
            recorder.client(form.get("client_id").unwrap_or_default());
        }
        recorder.merchant("rahulrama");
        recorder.issued(IssuedKind::AccessToken, tokens[0], read_claims(tokens[0]));
        recorder.issued(IssuedKind::RefreshToken, tokens[1], read_claims(tokens[1]));

        let request = RequestInfo {
            realm: self.realm.shared_name(),
            time: self.realm.clock.now(),
            started: Instant::now(),
            method: "POST".to_owned(),
            path: "/oauth2/v3/token".to_owned(),
            scheme: "http",
            is_portal: false,
            certificate: None,
            correlation_id: Some("9a341edd-3ceb-4b36-b423-9088e9bad5a0".to_owned()),
            has_basic: false,
        };
        let in_flight = self.realm.journal.begin(request, recorder);
        self.realm.journal.finish(
            &in_flight,
            Completion::Sent(200, ErrorTag::default()),
            |_, _| {},
        );
    }
}

/// Inserts grants that last a year into a realm.
pub async fn insert_grants(realm: &RealmHandle, count: usize) {
    let now = realm.clock().now_ms();

    for _ in 0..count {
        let grant = Grant {
            id: realm.memory_grants().unused_grant_id(),
            client_id: "v6TJH1IqhM".into(),
            merchant_id: "rahulrama".into(),
            scopes: [].into(),
            granted_at_ms: now,
            redirect_url: None,
            purge_after_ms: now + 365 * 86_400_000,
            revoked: None,
        };
        // Only a revoked grant is a conflict, and the ID is unused.
        let _ = realm.memory_grants().upsert_grant(grant, now);
    }
}

/// Parses a form and returns its parameters in order, or `None` if it is malformed.
pub fn parse_form(body: &[u8]) -> Option<Vec<(String, String)>> {
    let form = Form::parse(body).ok()?;
    // A fuzz target's form may hold anything, and looking for a duplicate must not panic.
    let _ = form.duplicate();
    Some(form.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// Reads a scenario from JSON and writes it as JSON again. Returns `None` if it is invalid.
pub fn rewrite_scenario(json: &str) -> Option<String> {
    let registry = Registry::new(&builtin());
    let scenario = read_scenario(json, registry.client_ids(), registry.merchant_ids()).ok()?;
    serde_json::to_string(&scenario).ok()
}

/// Returns whether the development key signed a token with the claims of this server.
pub fn verify_token(token: &str) -> bool {
    VerifiedClaims::verify(token, &SigningKey::development()).is_ok()
}

/// Signs an encoded header and claims with the development key.
pub fn sign_token(unsigned: &str) -> String {
    SigningKey::development().sign_encoded(unsigned.to_owned()).unwrap_or_default()
}
