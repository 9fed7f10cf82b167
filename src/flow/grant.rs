//! Rows 9 and 16: the code or refresh token, and the grant that stands behind it.

use std::sync::Arc;

use super::TokenRequest;
use super::replay::code_replayed;
use crate::fixture::{GrantType, Settings};
use crate::oauth::{Refusal, Row, refuse};
use crate::realm::{ClientEntry, CodeEntry, Grant, Rotation};
use crate::token::{TokenId, VerifiedClaims};

/// What the client brings, unread.
#[derive(Clone, Copy)]
pub(super) enum Credential<'a> {
    Code(&'a str),
    RefreshToken(&'a str),
}

/// What the new tokens rest on.
pub(super) struct GrantSource<'a> {
    /// As the books have it, or as they will once it is entered.
    pub(super) grant: Grant,
    /// The claim `grant_time`, where an earlier token has it already.
    pub(super) grant_time: Option<String>,
    pub(super) origin: Origin<'a>,
}

/// Where the grant was found.
pub(super) enum Origin<'a> {
    Code {
        code: &'a str,
        entry: CodeEntry,
    },
    /// A value of the fixtures that stands for a refresh token, or nothing at all: the grant is
    /// given, and new tokens of it are wanted.
    FixtureToken,
    Token(RefreshToken<'a>),
}

/// A refresh token of this realm.
pub(super) struct RefreshToken<'a> {
    pub(super) sent: &'a str,
    pub(super) id: TokenId,
    /// The expiry that counts, in milliseconds since 1970.
    pub(super) expires_at_ms: i64,
    pub(super) rotated: Option<Rotation>,
}

impl RefreshToken<'_> {
    /// The successor that this token still gives out, within `rotation_overlap`. A token that had
    /// expired when it was replaced is dead at once.
    pub(super) fn overlapping(&self, settings: &Settings, now_ms: i64) -> Option<Rotation> {
        let overlap = settings.rotation_overlap.as_ms();
        self.rotated.filter(|rotation| {
            overlap > 0
                && rotation.at_ms <= self.expires_at_ms
                && now_ms < rotation.at_ms.saturating_add(overlap)
        })
    }
}

/// Row 9.
pub(super) fn presented<'a>(
    request: &TokenRequest<'a>,
    grant_type: GrantType,
) -> Result<Credential<'a>, Refusal> {
    let code = request.form.get("code");
    match (grant_type, code, request.form.get("refresh_token")) {
        (GrantType::AuthorizationCode, Some(code), _) => Ok(Credential::Code(code)),
        (GrantType::AuthorizationCode, None, _) => refuse(
            Row::Presented,
            "code is missing from the body, or empty; grant_type authorization_code needs it.",
        ),
        (GrantType::RefreshToken, Some(code), Some(token)) if code != token => refuse(
            Row::Presented,
            "refresh_token and code were both sent, with different values; send refresh_token \
             alone.",
        ),
        // The page's sample request sends the refresh token as "code".
        (GrantType::RefreshToken, _, Some(token))
        | (GrantType::RefreshToken, Some(token), None) => Ok(Credential::RefreshToken(token)),
        (GrantType::RefreshToken, None, None) => refuse(
            Row::Presented,
            "refresh_token is missing from the body, or empty; grant_type refresh_token needs it.",
        ),
    }
}

/// Row 16.
pub(super) async fn code_or_token<'a>(
    request: &TokenRequest<'a>,
    client: &ClientEntry,
    brought: Credential<'a>,
) -> Result<GrantSource<'a>, Refusal> {
    match brought {
        Credential::Code(code) => from_code(request, client, code).await,
        Credential::RefreshToken(token) => from_token(request, client, token).await,
    }
}

async fn from_code<'a>(
    request: &TokenRequest<'a>,
    client: &ClientEntry,
    code: &'a str,
) -> Result<GrantSource<'a>, Refusal> {
    let grant_store = request.realm.grant_store();
    let settings = &request.registry.settings;
    let now = request.realm.clock().now_ms();
    let Some(entry) = grant_store.code(code).await else {
        return refuse(
            Row::CodeOrToken,
            "code is unknown: this server never issued it, or has forgotten it.",
        );
    };
    let issued = Arc::clone(&entry.code);
    if issued.client_id != client.id {
        return refuse(Row::CodeOrToken, "code was issued to another client.");
    }
    if let Some(grant) = entry.grant
        && !issued.reusable
    {
        return Err(code_replayed(request, grant).await);
    }
    if now >= issued.expires_at_ms && !issued.reusable {
        let lifetime = settings.code_lifetime;
        return refuse(
            Row::CodeOrToken,
            format!("code has expired; a code lives {lifetime} from the merchant's consent on."),
        );
    }
    // A reusable code goes on with its grant, as if the merchant had consented just now; once
    // that was revoked, it makes another.
    let standing = match entry.grant {
        Some(id) => grant_store.grant(id).await.filter(|grant| !grant.revoked),
        None => None,
    };
    let id = match &standing {
        Some(grant) => grant.id,
        None => grant_store.unused_grant_id().await,
    };
    let grant = Grant {
        id,
        client_id: Arc::clone(&issued.client_id),
        merchant_id: Arc::clone(&issued.merchant_id),
        scopes: Arc::clone(&issued.scopes),
        granted_at_ms: if issued.reusable { now } else { issued.issued_at_ms },
        redirect_url: issued.redirect_url.clone(),
        purge_after_ms: now,
        revoked: false,
    };
    Ok(GrantSource { grant, grant_time: None, origin: Origin::Code { code, entry } })
}

async fn from_token<'a>(
    request: &TokenRequest<'a>,
    client: &ClientEntry,
    sent: &'a str,
) -> Result<GrantSource<'a>, Refusal> {
    let grant_store = request.realm.grant_store();
    if let Some(mut grant) = grant_store.fixture_token(sent).await {
        if grant.client_id != client.id {
            return refuse(Row::CodeOrToken, "refresh_token was issued to another client.");
        }
        grant.granted_at_ms = request.realm.clock().now_ms();
        return Ok(GrantSource { grant, grant_time: None, origin: Origin::FixtureToken });
    }
    let claims = match VerifiedClaims::verify(sent, request.key) {
        Ok(claims) => claims,
        Err(why) => {
            return refuse(Row::CodeOrToken, format!("refresh_token {}.", why.explain()));
        }
    };
    let Some((id, grant_id)) = request.realm.ids().read(&claims.jti) else {
        return refuse(
            Row::CodeOrToken,
            "refresh_token was issued by another realm of this server.",
        );
    };
    if !claims.is_refresh_token() {
        return refuse(
            Row::CodeOrToken,
            "refresh_token is an access token; the refresh token came beside it.",
        );
    }
    if claims.client_id != *client.id {
        return refuse(Row::CodeOrToken, "refresh_token was issued to another client.");
    }
    let state = grant_store.token(id).await;
    let known = grant_store.grant(grant_id).await;
    let settings = &request.registry.settings;
    // After a restart the books know nothing, and the token speaks for itself.
    let grant = known.unwrap_or_else(|| Grant {
        id: grant_id,
        client_id: Arc::clone(&client.id),
        merchant_id: claims.merchant_id.as_str().into(),
        scopes: claims.scopes.into(),
        granted_at_ms: claims.iat,
        redirect_url: None,
        purge_after_ms: settings.grant_ends_ms(claims.iat.max(claims.expires_in)),
        revoked: false,
    });
    let token = RefreshToken {
        sent,
        id,
        expires_at_ms: state.map_or(claims.expires_in, |state| state.expires_at_ms),
        rotated: state.and_then(|state| state.rotated),
    };
    Ok(GrantSource { grant, grant_time: Some(claims.grant_time), origin: Origin::Token(token) })
}
