//! The stages of a token request, each alone: for this project's own benches and fuzz targets.
//! Not part of the library; it changes without notice.

use std::sync::Arc;
use std::time::Instant;

use crate::fixture::{builtin, read_scenario};
use crate::flow::token::check_rows;
use crate::flow::{Effects, TokenRequest};
use crate::journal::{
    Correlation, ErrorTag, IssuedKind, ParamPolicy, RequestInfo, RequestRecorder,
};
use crate::oauth::Form;
use crate::realm::{Grant, Realm, RealmMap, RealmSeed, Registry};
use crate::scenario::Endpoint;
use crate::server::RealmHandle;
use crate::token::{Claims, SigningKey, VerifiedClaims};

/// A realm with the built-in fixtures, and what its token requests go through.
pub struct Stages {
    realm: Arc<Realm>,
    registry: Arc<Registry>,
    key: SigningKey,
}

impl Default for Stages {
    fn default() -> Self {
        let start = RealmSeed::new(builtin(), crate::journal::DEFAULT_SIZE);
        let realm = Arc::clone(RealmMap::new(start).default_realm());
        let registry = realm.registry();
        Self { realm, registry, key: SigningKey::development() }
    }
}

impl Stages {
    /// Rows 5 and 6: whether a body is a form without duplicates.
    pub fn form(&self, body: &[u8]) -> bool {
        Form::parse(body).is_ok_and(|form| form.duplicate().is_none())
    }

    /// Rows 7 to 20: whether a form passes them. Nothing is signed or entered.
    pub async fn decision(&self, body: &[u8]) -> bool {
        let Ok(form) = Form::parse(body) else { return false };
        let request = TokenRequest {
            realm: &self.realm,
            registry: &self.registry,
            key: &self.key,
            form: &form,
            authorization: None,
            certificate: None,
            effects: &Effects::default(),
            recorder: &RequestRecorder::default(),
        };
        check_rows(&request).await.is_ok()
    }

    /// The first two segments of an access token such as the page's sample.
    pub fn claims(&self) -> String {
        let scopes: Vec<String> = crate::oauth::scope::DOCUMENTED.map(str::to_owned).to_vec();
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

    /// The token, with its signature.
    pub fn signing(&self, unsigned: String) -> String {
        self.key.sign_encoded(unsigned).unwrap_or_default()
    }

    /// Enters an exchange with this form, and the tokens that it got, into the journal.
    pub fn journal(&self, body: &[u8], tokens: [&str; 2]) {
        let recorder = RequestRecorder::default();
        recorder.endpoint(Endpoint::Token);
        if let Ok(form) = Form::parse(body) {
            recorder.parameters(form.iter(), ParamPolicy::Documented);
            recorder.client(form.get("client_id").unwrap_or_default());
        }
        recorder.merchant("rahulrama");
        recorder.issued(IssuedKind::AccessToken, tokens[0]);
        recorder.issued(IssuedKind::RefreshToken, tokens[1]);
        let correlation_id = "9a341edd-3ceb-4b36-b423-9088e9bad5a0".to_owned();
        let request = RequestInfo {
            realm: self.realm.shared_name(),
            time_ms: self.realm.clock().now_ms(),
            started: Instant::now(),
            method: "POST".to_owned(),
            path: "/oauth2/v3/token".to_owned(),
            scheme: "http",
            certificate: None,
            correlation: Correlation::of(Some(&correlation_id)),
            correlation_id: Some(correlation_id),
            has_basic: false,
        };
        recorder.enter(self.realm.journal(), request, Some(200), ErrorTag::default());
    }
}

/// Enters grants into a realm's books that live for a year.
pub async fn enter_grants(realm: &RealmHandle, count: usize) {
    let now = realm.clock().now_ms();
    for _ in 0..count {
        let grant = Grant {
            id: realm.grant_store().unused_grant_id().await,
            client_id: "v6TJH1IqhM".into(),
            merchant_id: "rahulrama".into(),
            scopes: [].into(),
            granted_at_ms: now,
            redirect_url: None,
            purge_after_ms: now + 365 * 86_400_000,
            revoked: false,
        };
        // A number that nobody has cannot have been revoked.
        let _ = realm.grant_store().upsert_grant(grant, now).await;
    }
}

/// A form's parameters in their order; `None`: it is no form.
pub fn form(body: &[u8]) -> Option<Vec<(String, String)>> {
    let form = Form::parse(body).ok()?;
    // ErrorTag in messages, so it must not fail, whatever stands there.
    let _ = form.duplicate();
    Some(form.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// A scenario from its JSON, as JSON again; `None`: it is none.
pub fn scenario(json: &str) -> Option<String> {
    let registry = Registry::new(&builtin());
    let scenario = read_scenario(json, registry.client_ids(), registry.merchant_ids()).ok()?;
    serde_json::to_string(&scenario).ok()
}

/// Whether a token is one that the development key signed, with the claims of ours.
pub fn verify(token: &str) -> bool {
    VerifiedClaims::verify(token, &SigningKey::development()).is_ok()
}

/// The token that the development key makes of two segments.
pub fn seal(unsigned: &str) -> String {
    SigningKey::development().sign_encoded(unsigned.to_owned()).unwrap_or_default()
}
