//! Makes the tokens of one grant, and the response that carries them.

use serde_json::Value;

use super::TokenRequest;
use crate::oauth::{Refusal, Row, Scopes, TokenResponse};
use crate::realm::ClientEntry;
use crate::scenario::{AlteredAlgorithm, AlteredKey, AlteredSignature, TokenAlteration};
use crate::store::Grant;
use crate::token::{
    Claims, REFRESH_TOKEN_TYPE, ReadClaims, SigningFailed, SigningKey, TokenId, read_claims,
};

/// Makes the tokens of one grant.
pub(super) struct TokenIssuer<'a> {
    pub(super) request: &'a TokenRequest<'a>,
    pub(super) client: &'a ClientEntry,
    pub(super) grant: &'a Grant,
    /// The claim `grant_time`.
    pub(super) grant_time: String,
}

/// The tokens of a response.
pub(crate) struct IssuedTokens {
    pub(crate) response: TokenResponse,
    pub(crate) access_claims: Option<ReadClaims>,
    pub(crate) refresh_claims: Option<ReadClaims>,
}

/// A refresh token for a response.
pub(super) struct IssuedRefreshToken {
    pub(super) token: String,
    /// `None` if a scenario has removed them.
    pub(super) claims: Option<ReadClaims>,
    /// The expiry in force, in milliseconds since 1970.
    pub(super) expires_at_ms: i64,
}

/// The two kinds of token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TokenKind {
    Access,
    Refresh,
}

impl TokenIssuer<'_> {
    /// Makes an identifier for a token of this grant.
    pub(super) fn new_id(&self) -> TokenId {
        self.request.realm.ids.next(self.grant.id)
    }

    /// Returns the last millisecond of a refresh token's life. (Source S: one less than its
    /// lifetime.)
    pub(super) fn refresh_expiry_ms(&self, from_ms: i64) -> i64 {
        from_ms.saturating_add(self.lifetime_ms(TokenKind::Refresh) - 1)
    }

    /// Makes a refresh token.
    pub(super) fn refresh_token(
        &self,
        id: TokenId,
        iat_ms: i64,
    ) -> Result<IssuedRefreshToken, Refusal> {
        let expires_at_ms = self.refresh_expiry_ms(iat_ms);
        let scopes = &self.grant.scopes;
        let (token, claims) = self.sign(TokenKind::Refresh, id, scopes, iat_ms, expires_at_ms)?;

        Ok(IssuedRefreshToken { token, claims, expires_at_ms })
    }

    /// Makes the response with a new access token, which is signed after the refresh token (source
    /// S). The refresh token's remaining life counts from `now_ms`, when the request was decided.
    pub(super) fn response(
        &self,
        refresh: IssuedRefreshToken,
        scopes: &Scopes,
        now_ms: i64,
    ) -> Result<IssuedTokens, Refusal> {
        let lifetime_ms = self.lifetime_ms(TokenKind::Access);
        let iat_ms = self.request.realm.clock.now_ms();
        let expires_at_ms = iat_ms.saturating_add(lifetime_ms);
        let (access_token, access_claims) =
            self.sign(TokenKind::Access, self.new_id(), scopes, iat_ms, expires_at_ms)?;

        // A refresh for fewer scopes names them, whatever the client's usual response says.
        let is_narrowed = scopes.len() < self.grant.scopes.len();
        let response_scope = self.client.config.response_scope.clone().filter(|_| !is_narrowed);
        let response = TokenResponse {
            access_token,
            token_type: "bearer".to_owned(),
            refresh_token: refresh.token,
            expires_in: whole_seconds(lifetime_ms - 1),
            scope: response_scope.unwrap_or_else(|| scopes.join(" ")),
            refresh_token_expires_in: whole_seconds(refresh.expires_at_ms - now_ms),
            client_status: "active".to_owned(),
        };
        Ok(IssuedTokens { response, access_claims, refresh_claims: refresh.claims })
    }

    /// Signs a token. Returns it with its claims, unless a scenario has removed them.
    fn sign(
        &self,
        kind: TokenKind,
        id: TokenId,
        scopes: &[String],
        iat_ms: i64,
        expires_at_ms: i64,
    ) -> Result<(String, Option<ReadClaims>), Refusal> {
        let jti = id.to_string();
        let claims = Claims {
            jti: &jti,
            scopes,
            iat: iat_ms,
            associated_id: &self.client.config.associated_id,
            client_id: &self.grant.client_id,
            merchant_id: &self.grant.merchant_id,
            expires_in: expires_at_ms,
            token_type: (kind == TokenKind::Refresh).then_some(REFRESH_TOKEN_TYPE),
            grant_type: "authorization_code",
            grant_time: &self.grant_time,
            extra: &self.request.registry.settings.extra_claims,
        };

        let key = self.request.key;
        let alteration = self.alteration(kind);
        let signed = match alteration {
            None => key.sign(&claims),
            Some(alteration) => sign_altered(key, &claims, alteration),
        };
        let token = signed
            .map_err(|_| Refusal::new(Row::Server, "The server could not sign the token."))?;

        let claims = match alteration {
            None => Some(ReadClaims {
                jti,
                issued_at_ms: Some(iat_ms),
                expires_at_ms: Some(expires_at_ms),
            }),
            Some(_) => read_claims(&token),
        };
        Ok((token, claims))
    }

    /// Returns how a scenario alters this kind of token.
    fn alteration(&self, kind: TokenKind) -> Option<&TokenAlteration> {
        let alteration = self.request.step?.outcome()?.token.as_ref();
        alteration.filter(|alteration| alteration.applies_to(kind == TokenKind::Refresh))
    }

    fn lifetime_ms(&self, kind: TokenKind) -> i64 {
        let altered = self.alteration(kind).and_then(|alteration| alteration.lifetime);
        if let Some(lifetime) = altered {
            return lifetime.as_ms();
        }

        let settings = &self.request.registry.settings;
        match kind {
            TokenKind::Access => settings.access_token_lifetime.as_ms(),
            TokenKind::Refresh => settings.refresh_token_lifetime.as_ms(),
        }
    }
}

/// Signs a token that a scenario alters.
fn sign_altered(
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
