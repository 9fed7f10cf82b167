//! Making the tokens, and entering the grant into the books.
//!
//! Tokens are signed first and the books changed last, in one step, so that a request that fails
//! changes nothing and of many with the same code exactly one succeeds.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::again::lost;
use super::presented::{Basis, Origin, RefreshToken};
use super::{Effects, TokenRequest};
use crate::fixture::RefreshPolicy;
use crate::journal::Record;
use crate::oauth::{Form, Refusal, Row, Scopes, TokenResponse, refuse};
use crate::realm::{
    Grant, IssueError, Lost, Realm, Redemption, Registered, Renewal, RenewalOutcome, Rotation,
};
use crate::scenario::{AlteredAlgorithm, AlteredKey, AlteredSignature, TokenAlteration};
use crate::token::{
    Claims, GrantId, REFRESH_TOKEN_TYPE, SigningFailed, SigningKey, TokenId, grant_time,
};

/// Signs an access token and, where one is due, a refresh token; then enters what has changed.
pub(super) async fn issue(
    request: &TokenRequest<'_>,
    client: &Registered,
    basis: Basis<'_>,
    scopes: Scopes,
) -> Result<TokenResponse, Refusal> {
    let Basis { mut grant, grant_time: known_time, origin } = basis;
    let settings = &request.registry.settings;
    let now_ms = request.realm.clock().now_ms();
    grant.dead_at_ms = settings.grant_ends_ms(now_ms);
    let zone = settings.grant_time_zone.time_zone();
    let mint = Mint {
        request,
        client,
        grant: &grant,
        grant_time: known_time.unwrap_or_else(|| grant_time(grant.granted_at_ms, zone)),
    };
    let ledger = request.realm.ledger();
    match origin {
        Origin::Code { code, .. } => {
            let refresh = mint.refresh_token(mint.new_id(), now_ms)?;
            let response = mint.response(refresh, &scopes, now_ms)?;
            if request.effects.are_withheld() {
                return Ok(response);
            }
            let redemption = Redemption { code, grant: grant.clone(), now_ms };
            match ledger.redeem(redemption).await {
                Ok(()) => Ok(response),
                Err(why) => Err(lost(request, grant.id, why).await),
            }
        }
        Origin::Literal => {
            let refresh = mint.refresh_token(mint.new_id(), now_ms)?;
            let response = mint.response(refresh, &scopes, now_ms)?;
            if request.effects.are_withheld() {
                return Ok(response);
            }
            match ledger.confirm(grant.clone(), now_ms).await {
                Ok(()) => Ok(response),
                Err(why) => Err(lost(request, grant.id, why).await),
            }
        }
        Origin::Token(token) => renew(&mint, token, &scopes, now_ms).await,
    }
}

/// Tokens without a flow, as if the merchant had consented and the code been exchanged just now.
pub(crate) async fn issue_directly(
    realm: &Realm,
    key: &SigningKey,
    client_id: &str,
    merchant_id: &str,
    scopes: Option<&[&str]>,
) -> Result<TokenResponse, IssueError> {
    let registry = realm.registry();
    let (client, scopes) = realm.consented(&registry, client_id, merchant_id, scopes)?;
    let now = realm.clock().now_ms();
    let grant = Grant {
        id: realm.ledger().unused_grant_id().await,
        client_id: Arc::clone(&client.id),
        merchant_id: merchant_id.into(),
        scopes: Arc::clone(&scopes),
        granted_at_ms: now,
        redirect_url: None,
        dead_at_ms: now,
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
        record: &Record::default(),
    };
    let basis = Basis { grant, grant_time: None, origin: Origin::Literal };
    issue(&request, client, basis, scopes)
        .await
        .map_err(|refusal| IssueError::Refused(refusal.description.into_owned()))
}

/// Refreshes: the same refresh token, or its successor.
async fn renew(
    mint: &Mint<'_>,
    mut token: RefreshToken<'_>,
    scopes: &Scopes,
    now_ms: i64,
) -> Result<TokenResponse, Refusal> {
    let request = mint.request;
    let settings = &request.registry.settings;
    let ledger = request.realm.ledger();
    let expired = now_ms > token.expires_at_ms;
    let rotates = expired || settings.refresh_policy == RefreshPolicy::Rotate;
    // Once more only if another request rotated the same token in between.
    for _ in 0..2 {
        if let Some(rotation) = token.overlapping(settings, now_ms) {
            let refresh = mint.refresh_token(rotation.successor, rotation.at_ms)?;
            let response = mint.response(refresh, scopes, now_ms)?;
            return match ledger.confirm(mint.grant.clone(), now_ms).await {
                Ok(()) => Ok(response),
                Err(why) => Err(lost(request, mint.grant.id, why).await),
            };
        }
        let (refresh, outcome) = if rotates {
            let rotation = Rotation { successor: mint.new_id(), at_ms: now_ms };
            let refresh = mint.refresh_token(rotation.successor, now_ms)?;
            (refresh, RenewalOutcome::Rotates(rotation))
        } else {
            let expires_at_ms = mint.refresh_expiry_ms(now_ms);
            let refresh = RefreshOut { token: token.sent.to_owned(), expires_at_ms };
            (refresh, RenewalOutcome::Slides { expires_at_ms })
        };
        let response = mint.response(refresh, scopes, now_ms)?;
        if request.effects.are_withheld() {
            return Ok(response);
        }
        let renewal = Renewal {
            token: token.id,
            grant: mint.grant.clone(),
            claimed_expiry_ms: token.expires_at_ms,
            outcome,
            now_ms,
        };
        match ledger.renew(renewal).await {
            Ok(()) => return Ok(response),
            Err(Lost::Rotated(rotation)) => {
                token.rotated = Some(rotation);
                if token.overlapping(settings, now_ms).is_none() {
                    return Err(lost(request, mint.grant.id, Lost::Rotated(rotation)).await);
                }
            }
            Err(why) => return Err(lost(request, mint.grant.id, why).await),
        }
    }
    refuse(Row::Server, "The refresh token could not be renewed.")
}

/// Makes the tokens of one grant.
struct Mint<'a> {
    request: &'a TokenRequest<'a>,
    client: &'a Registered,
    grant: &'a Grant,
    grant_time: String,
}

/// A refresh token as it goes out.
struct RefreshOut {
    token: String,
    /// In milliseconds since 1970.
    expires_at_ms: i64,
}

impl Mint<'_> {
    fn new_id(&self) -> TokenId {
        let grant: GrantId = self.grant.id;
        self.request.realm.ids().next(grant)
    }

    /// The last millisecond of a refresh token's life. (Source S: one less than its lifetime.)
    fn refresh_expiry_ms(&self, from_ms: i64) -> i64 {
        let usual = self.request.registry.settings.refresh_token_lifetime.as_ms();
        from_ms.saturating_add(self.altered_lifetime_ms(true).unwrap_or(usual) - 1)
    }

    fn refresh_token(&self, id: TokenId, iat_ms: i64) -> Result<RefreshOut, Refusal> {
        let expires_at_ms = self.refresh_expiry_ms(iat_ms);
        let scopes = &self.grant.scopes;
        let token = self.sign(id, scopes, iat_ms, expires_at_ms, Some(REFRESH_TOKEN_TYPE))?;
        Ok(RefreshOut { token, expires_at_ms })
    }

    /// The response with a new access token, which is signed after the refresh token (source S).
    /// What is left of the refresh token is counted from `now_ms`, when the request was decided.
    fn response(
        &self,
        refresh: RefreshOut,
        scopes: &Scopes,
        now_ms: i64,
    ) -> Result<TokenResponse, Refusal> {
        let lifetime = self.access_lifetime_ms();
        let iat_ms = self.request.realm.clock().now_ms();
        let expires_at_ms = iat_ms.saturating_add(lifetime);
        let access_token = self.sign(self.new_id(), scopes, iat_ms, expires_at_ms, None)?;
        let response_scope = self.client.client.response_scope.clone();
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
            associated_id: &self.client.client.associated_id,
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
        (Some(AlteredAlgorithm::None), _) => key.leave_unsigned(&claims),
        (None, Some(AlteredSignature::Invalid)) => key.sign_wrongly(&claims),
        (None, None) => key.sign(&claims),
    }
}

fn whole_seconds(ms: i64) -> i64 {
    ms.max(0) / 1000
}
