//! Making the tokens, and entering the grant into the books.
//!
//! Tokens are signed first and the books changed last, in one step, so that a request that fails
//! changes nothing and of many with the same code exactly one succeeds.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::grant::{GrantSource, Origin, RefreshToken};
use super::replay::lost;
use super::{Effects, TokenRequest};
use crate::fixture::RefreshPolicy;
use crate::journal::RequestRecorder;
use crate::oauth::{Form, Refusal, Row, Scopes, TokenResponse, refuse};
use crate::realm::{
    ClientEntry, Conflict, Grant, IssueError, Realm, Redemption, Renewal, RenewalOutcome, Rotation,
    TokensRequest,
};
use crate::scenario::{AlteredAlgorithm, AlteredKey, AlteredSignature, TokenAlteration};
use crate::token::{
    Claims, GrantId, REFRESH_TOKEN_TYPE, SigningFailed, SigningKey, TokenId, grant_time,
};

/// Signs an access token and, where one is due, a refresh token; then enters what has changed.
pub(super) async fn issue(
    request: &TokenRequest<'_>,
    client: &ClientEntry,
    source: GrantSource<'_>,
    scopes: Scopes,
) -> Result<TokenResponse, Refusal> {
    let GrantSource { mut grant, grant_time: known_time, origin } = source;
    let settings = &request.registry.settings;
    let now_ms = request.realm.clock().now_ms();
    grant.purge_after_ms = settings.grant_ends_ms(now_ms);
    let zone = settings.grant_time_zone.time_zone();
    let issuer = TokenIssuer {
        request,
        client,
        grant: &grant,
        grant_time: known_time.unwrap_or_else(|| grant_time(grant.granted_at_ms, zone)),
    };
    let grant_store = request.realm.grant_store();
    match origin {
        Origin::Code { code, .. } => {
            let refresh = issuer.refresh_token(issuer.new_id(), now_ms)?;
            let response = issuer.response(refresh, &scopes, now_ms)?;
            if request.effects.is_dry_run() {
                return Ok(response);
            }
            let redemption = Redemption { code, grant: grant.clone(), now_ms };
            match grant_store.redeem(redemption).await {
                Ok(()) => Ok(response),
                Err(why) => Err(lost(request, grant.id, why).await),
            }
        }
        Origin::FixtureToken => {
            let refresh = issuer.refresh_token(issuer.new_id(), now_ms)?;
            let response = issuer.response(refresh, &scopes, now_ms)?;
            if request.effects.is_dry_run() {
                return Ok(response);
            }
            match grant_store.upsert_grant(grant.clone(), now_ms).await {
                Ok(()) => Ok(response),
                Err(why) => Err(lost(request, grant.id, why).await),
            }
        }
        Origin::Token(token) => renew(&issuer, token, &scopes, now_ms).await,
    }
}

/// Tokens without a flow, as if the merchant had consented and the code been exchanged just now.
pub(crate) async fn issue_directly(
    realm: &Realm,
    key: &SigningKey,
    wanted: &TokensRequest,
) -> Result<TokenResponse, IssueError> {
    let registry = realm.registry();
    let TokensRequest { client_id, merchant_id, scopes } = wanted;
    let (client, scopes) =
        realm.check_consent(&registry, client_id, merchant_id, scopes.as_deref())?;
    let now = realm.clock().now_ms();
    let grant = Grant {
        id: realm.grant_store().unused_grant_id().await,
        client_id: Arc::clone(&client.id),
        merchant_id: merchant_id.as_str().into(),
        scopes: Arc::clone(&scopes),
        granted_at_ms: now,
        redirect_url: None,
        purge_after_ms: now,
        revoked: false,
    };
    let form = Form::default();
    let request = TokenRequest {
        realm,
        registry: &registry,
        key,
        form: &form,
        authorization: None,
        certificate: None,
        effects: &Effects::default(),
        recorder: &RequestRecorder::default(),
    };
    let source = GrantSource { grant, grant_time: None, origin: Origin::FixtureToken };
    issue(&request, client, source, scopes)
        .await
        .map_err(|refusal| IssueError::Refused(refusal.description.into_owned()))
}

/// Refreshes: the same refresh token, or its successor.
async fn renew(
    issuer: &TokenIssuer<'_>,
    mut token: RefreshToken<'_>,
    scopes: &Scopes,
    now_ms: i64,
) -> Result<TokenResponse, Refusal> {
    let request = issuer.request;
    let settings = &request.registry.settings;
    let grant_store = request.realm.grant_store();
    let expired = now_ms > token.expires_at_ms;
    let rotates = expired || settings.refresh_policy == RefreshPolicy::Rotate;
    // Once more only if another request rotated the same token in between.
    for _ in 0..2 {
        if let Some(rotation) = token.overlapping(settings, now_ms) {
            let refresh = issuer.refresh_token(rotation.successor, rotation.at_ms)?;
            let response = issuer.response(refresh, scopes, now_ms)?;
            return match grant_store.upsert_grant(issuer.grant.clone(), now_ms).await {
                Ok(()) => Ok(response),
                Err(why) => Err(lost(request, issuer.grant.id, why).await),
            };
        }
        let (refresh, outcome) = if rotates {
            let rotation = Rotation { successor: issuer.new_id(), at_ms: now_ms };
            let refresh = issuer.refresh_token(rotation.successor, now_ms)?;
            (refresh, RenewalOutcome::Rotate(rotation))
        } else {
            let expires_at_ms = issuer.refresh_expiry_ms(now_ms);
            let refresh = IssuedRefreshToken { token: token.sent.to_owned(), expires_at_ms };
            (refresh, RenewalOutcome::Extend { expires_at_ms })
        };
        let response = issuer.response(refresh, scopes, now_ms)?;
        if request.effects.is_dry_run() {
            return Ok(response);
        }
        let renewal = Renewal {
            token: token.id,
            grant: issuer.grant.clone(),
            claimed_expiry_ms: token.expires_at_ms,
            outcome,
            now_ms,
        };
        match grant_store.renew(renewal).await {
            Ok(()) => return Ok(response),
            Err(Conflict::Rotated(rotation)) => {
                token.rotated = Some(rotation);
                if token.overlapping(settings, now_ms).is_none() {
                    return Err(lost(request, issuer.grant.id, Conflict::Rotated(rotation)).await);
                }
            }
            Err(why) => return Err(lost(request, issuer.grant.id, why).await),
        }
    }
    refuse(Row::Server, "The refresh token could not be renewed.")
}

/// Makes the tokens of one grant.
struct TokenIssuer<'a> {
    request: &'a TokenRequest<'a>,
    client: &'a ClientEntry,
    grant: &'a Grant,
    grant_time: String,
}

/// A refresh token as it goes out.
struct IssuedRefreshToken {
    token: String,
    /// In milliseconds since 1970.
    expires_at_ms: i64,
}

impl TokenIssuer<'_> {
    fn new_id(&self) -> TokenId {
        let grant: GrantId = self.grant.id;
        self.request.realm.ids().next(grant)
    }

    /// The last millisecond of a refresh token's life. (Source S: one less than its lifetime.)
    fn refresh_expiry_ms(&self, from_ms: i64) -> i64 {
        let usual = self.request.registry.settings.refresh_token_lifetime.as_ms();
        from_ms.saturating_add(self.altered_lifetime_ms(true).unwrap_or(usual) - 1)
    }

    fn refresh_token(&self, id: TokenId, iat_ms: i64) -> Result<IssuedRefreshToken, Refusal> {
        let expires_at_ms = self.refresh_expiry_ms(iat_ms);
        let scopes = &self.grant.scopes;
        let token = self.sign(id, scopes, iat_ms, expires_at_ms, Some(REFRESH_TOKEN_TYPE))?;
        Ok(IssuedRefreshToken { token, expires_at_ms })
    }

    /// The response with a new access token, which is signed after the refresh token (source S).
    /// What is left of the refresh token is counted from `now_ms`, when the request was decided.
    fn response(
        &self,
        refresh: IssuedRefreshToken,
        scopes: &Scopes,
        now_ms: i64,
    ) -> Result<TokenResponse, Refusal> {
        let lifetime = self.access_lifetime_ms();
        let iat_ms = self.request.realm.clock().now_ms();
        let expires_at_ms = iat_ms.saturating_add(lifetime);
        let access_token = self.sign(self.new_id(), scopes, iat_ms, expires_at_ms, None)?;
        let response_scope = self.client.config.response_scope.clone();
        Ok(TokenResponse {
            access_token,
            token_type: "bearer".to_owned(),
            refresh_token: refresh.token,
            expires_in: whole_seconds(lifetime - 1),
            scope: response_scope.unwrap_or_else(|| scopes.join(" ")),
            refresh_token_expires_in: whole_seconds(refresh.expires_at_ms - now_ms),
            client_status: "active".to_owned(),
        })
    }

    fn sign(
        &self,
        id: TokenId,
        scopes: &[String],
        iat: i64,
        expires_in: i64,
        token_type: Option<&'static str>,
    ) -> Result<String, Refusal> {
        let extra: &Map<String, Value> = &self.request.registry.settings.extra_claims;
        let claims = Claims {
            jti: &id.to_string(),
            scopes,
            iat,
            associated_id: &self.client.config.associated_id,
            client_id: &self.grant.client_id,
            merchant_id: &self.grant.merchant_id,
            expires_in,
            token_type,
            grant_type: "authorization_code",
            grant_time: &self.grant_time,
            extra,
        };
        let key = self.request.key;
        let signed = match self.alteration(token_type.is_some()) {
            None => key.sign(&claims),
            Some(alteration) => alter(key, &claims, alteration),
        };
        signed.map_err(|_| Refusal::new(Row::Server, "The server could not sign the token."))
    }

    /// What a scenario wants to be different about this kind of token.
    fn alteration(&self, refresh: bool) -> Option<&TokenAlteration> {
        self.request.effects.token().filter(|alteration| alteration.concerns(refresh))
    }

    /// How long an access token lives, in milliseconds.
    fn access_lifetime_ms(&self) -> i64 {
        let usual = self.request.registry.settings.access_token_lifetime.as_ms();
        self.altered_lifetime_ms(false).unwrap_or(usual)
    }

    fn altered_lifetime_ms(&self, refresh: bool) -> Option<i64> {
        self.alteration(refresh)?.lifetime.map(|lifetime| lifetime.as_ms())
    }
}

/// A token that is different on purpose.
fn alter(
    key: &SigningKey,
    claims: &Claims<'_>,
    alteration: &TokenAlteration,
) -> Result<String, SigningFailed> {
    let Ok(Value::Object(mut claims)) = serde_json::to_value(claims) else {
        return Err(SigningFailed);
    };
    for (name, value) in &alteration.claims {
        claims.insert(name.clone(), value.clone());
    }
    for name in &alteration.drop {
        claims.shift_remove(name);
    }
    let key = match alteration.kid {
        Some(AlteredKey::Other) => SigningKey::other(),
        None => key,
    };
    match (alteration.alg, alteration.signature) {
        (Some(AlteredAlgorithm::None), _) => key.encode_unsigned(&claims),
        (None, Some(AlteredSignature::Invalid)) => key.sign_invalid(&claims),
        (None, None) => key.sign(&claims),
    }
}

fn whole_seconds(ms: i64) -> i64 {
    ms.max(0) / 1000
}
