//! Rows 16 to 20: the grant behind the code or refresh token, and what it allows.

use std::sync::Arc;

use super::replay::{code_replayed, revoked, token_replayed};
use super::request::{Credential, TokenRequest, select_scopes};
use crate::fixture::{AccountStatus, Settings};
use crate::journal::CredentialState;
use crate::oauth::{Form, Refusal, Row, Scopes, refuse};
use crate::realm::{ClientEntry, Realm};
use crate::store::{CodeEntry, Found, Grant, Presented, Rotation, Unavailable};
use crate::token::{GrantId, ReadClaims, SigningKey, TokenId, VerifiedClaims, read_claims};

/// The grant that new tokens are issued under, and where it was found.
pub(super) struct GrantSource<'a> {
    /// The grant as it is stored, or as it will be once the tokens are issued.
    pub(super) grant: Grant,
    /// The claim `grant_time`, if an earlier token has it already.
    pub(super) grant_time: Option<String>,
    pub(super) origin: Origin<'a>,
}

/// Where a grant was found.
pub(super) enum Origin<'a> {
    Code {
        code: &'a str,
        entry: CodeEntry,
    },
    /// A literal refresh token of the fixtures, or the control API: the grant is given.
    FixtureToken,
    Token(RefreshToken<'a>),
}

/// A refresh token of this realm.
pub(super) struct RefreshToken<'a> {
    /// The token as it was sent.
    pub(super) sent: &'a str,
    pub(super) id: TokenId,
    pub(super) claims: ReadClaims,
    /// The expiry in force, in milliseconds since 1970. It may be later than the claim.
    pub(super) expires_at_ms: i64,
    pub(super) rotated: Option<Rotation>,
}

impl RefreshToken<'_> {
    /// Returns the rotation whose successor this token still gives, within `rotation_overlap`. A
    /// token that had expired when it was replaced has no overlap.
    pub(super) fn overlapping(&self, settings: &Settings, now_ms: i64) -> Option<Rotation> {
        let overlap = settings.rotation_overlap.as_ms();

        self.rotated.filter(|rotation| {
            overlap > 0
                && rotation.at_ms <= self.expires_at_ms
                && now_ms < rotation.at_ms.saturating_add(overlap)
        })
    }
}

/// Row 16: the code or refresh token is good, and this client's.
pub(super) async fn find_grant<'a>(
    request: &TokenRequest<'a>,
    client: &ClientEntry,
    credential: Credential<'a>,
) -> Result<GrantSource<'a>, Refusal> {
    match credential {
        Credential::Code(code) => find_by_code(request, client, code).await,
        Credential::RefreshToken(token) => find_by_token(request, client, token).await,
    }
}

async fn find_by_code<'a>(
    request: &TokenRequest<'a>,
    client: &ClientEntry,
    code: &'a str,
) -> Result<GrantSource<'a>, Refusal> {
    let now_ms = request.realm.clock.now_ms();

    // A literal refresh token may have been sent as code.
    let presented = Presented { code: Some(code), literal: Some(code), ids: None };
    let Found { code: entry, grant_of_code, literal, .. } = request.look_up(&presented).await?;
    let Some(entry) = entry else {
        return Err(unknown_code(request, code, literal.is_some()));
    };
    let issued = Arc::clone(&entry.code);
    if issued.client_id != client.id {
        return refuse(Row::CodeOrToken, "code was issued to another client.");
    }
    if issued.reusable {
        request.recorder.facts(|facts| facts.is_reusable = true);
    }
    if let Some(grant) = entry.grant
        && !issued.reusable
    {
        return code_replayed(request, grant).await;
    }
    if now_ms >= issued.expires_at_ms && !issued.reusable {
        request.recorder.credential(CredentialState::CodeExpired);
        let lifetime = request.registry.settings.code_lifetime;
        return refuse(
            Row::CodeOrToken,
            format!("code has expired; it is valid for {lifetime} after the merchant's consent."),
        );
    }

    // A reusable code continues its grant, as if the merchant had consented just now. Once that
    // grant is revoked, the code makes another.
    let continued = grant_of_code.filter(|grant| grant.revoked.is_none());
    let id = continued.map_or_else(|| request.realm.grant_store.new_grant_id(), |grant| grant.id);

    let grant = Grant {
        id,
        client_id: Arc::clone(&issued.client_id),
        merchant_id: Arc::clone(&issued.merchant_id),
        scopes: Arc::clone(&issued.scopes),
        granted_at_ms: if issued.reusable { now_ms } else { issued.issued_at_ms },
        redirect_url: issued.redirect_url.clone(),
        purge_after_ms: now_ms,
        revoked: None,
    };
    Ok(GrantSource { grant, grant_time: None, origin: Origin::Code { code, entry } })
}

fn unknown_code(request: &TokenRequest<'_>, code: &str, is_literal: bool) -> Refusal {
    let is_refresh_token = is_literal
        || VerifiedClaims::verify(code, request.key).is_ok_and(|claims| claims.is_refresh_token());

    if is_refresh_token {
        request.recorder.refresh_token_as_code();
        return Refusal::new(
            Row::CodeOrToken,
            "code is a refresh token, which is sent as refresh_token with grant_type refresh_token.",
        );
    }
    Refusal::new(
        Row::CodeOrToken,
        "code is unknown: the server did not issue it, or no longer has it.",
    )
}

async fn find_by_token<'a>(
    request: &TokenRequest<'a>,
    client: &ClientEntry,
    sent: &'a str,
) -> Result<GrantSource<'a>, Refusal> {
    let Found { literal, refresh_token, grant, .. } =
        request.look_up(&presented_token(request.realm, sent)).await?;

    if let Some(mut grant) = literal {
        if grant.client_id != client.id {
            return refuse(Row::CodeOrToken, "refresh_token was issued to another client.");
        }
        grant.granted_at_ms = request.realm.clock.now_ms();
        request.recorder.facts(|facts| facts.is_reusable = true);
        return Ok(GrantSource { grant, grant_time: None, origin: Origin::FixtureToken });
    }

    let claims = VerifiedClaims::verify(sent, request.key)
        .map_err(|error| Refusal::new(Row::CodeOrToken, format!("refresh_token {error}.")))?;
    let Some((id, grant_id)) = request.realm.ids.read(&claims.jti) else {
        return refuse(
            Row::CodeOrToken,
            "refresh_token was issued by another realm of this server.",
        );
    };
    if !claims.is_refresh_token() {
        return refuse(
            Row::CodeOrToken,
            "refresh_token is an access token; send the refresh token of the same response.",
        );
    }
    if claims.client_id != *client.id {
        return refuse(Row::CodeOrToken, "refresh_token was issued to another client.");
    }

    let grant = grant.unwrap_or_else(|| claimed_grant_of(request.realm, grant_id, &claims));
    let token = RefreshToken {
        sent,
        id,
        expires_at_ms: refresh_token.map_or(claims.expires_in, |known| known.expires_at_ms),
        rotated: refresh_token.and_then(|known| known.rotated),
        claims: ReadClaims {
            jti: claims.jti,
            issued_at_ms: Some(claims.iat),
            expires_at_ms: Some(claims.expires_in),
        },
    };
    Ok(GrantSource { grant, grant_time: Some(claims.grant_time), origin: Origin::Token(token) })
}

/// Returns how a token is looked up. Nothing of it has been verified.
pub(crate) fn presented_token<'a>(realm: &Realm, token: &'a str) -> Presented<'a> {
    let ids = read_claims(token).and_then(|claims| realm.ids.read(&claims.jti));
    Presented { code: None, literal: Some(token), ids }
}

/// Returns the grant of a token of this realm that is not stored, as after a restart. The token's
/// claims say what it was.
pub(super) fn claimed_grant_of(realm: &Realm, id: GrantId, claims: &VerifiedClaims) -> Grant {
    Grant {
        id,
        client_id: claims.client_id.as_str().into(),
        merchant_id: claims.merchant_id.as_str().into(),
        scopes: claims.scopes.as_slice().into(),
        granted_at_ms: claims.iat,
        redirect_url: None,
        // Its refresh token may have been issued, or may expire, as late as this token.
        purge_after_ms: realm.registry().settings.grant_ends_ms(claims.iat.max(claims.expires_in)),
        revoked: None,
    }
}

/// Row 17: a redirect URL, if sent, is the one that the code was issued for. A code that was issued
/// without one (by a fixture, say) accepts any that the client registered. RFC 6749, section 4.1.3,
/// requires the one that the authorize request sent.
pub(super) fn check_redirect_url(
    request: &TokenRequest<'_>,
    client: &ClientEntry,
    source: &GrantSource<'_>,
) -> Result<(), Refusal> {
    let names = ["redirect_uri", "redirect_url"];
    if let Origin::Code { entry, .. } = &source.origin
        && request.is_rfc6749()
        && entry.code.redirect_url_sent
        && names.iter().all(|name| request.form.get(name).is_none())
    {
        return refuse(
            Row::Redirect,
            "redirect_uri is missing: the authorize request had one, and the token request must \
             repeat it.",
        );
    }

    for name in names {
        let Some(sent) = request.form.get(name) else { continue };

        match &source.grant.redirect_url {
            Some(issued_for) if **issued_for != *sent => {
                return refuse(
                    Row::Redirect,
                    format!("{name} is not the redirect URL that the code was issued for."),
                );
            }
            None if !client.config.redirect_urls.iter().any(|url| url == sent) => {
                return refuse(
                    Row::Redirect,
                    format!("{name} is not one of the redirect URLs that this client registered."),
                );
            }
            _ => {}
        }
    }

    Ok(())
}

/// Row 17, too: the PKCE verifier matches the challenge of the authorize request (RFC 7636).
pub(super) fn check_pkce(
    request: &TokenRequest<'_>,
    source: &GrantSource<'_>,
) -> Result<(), Refusal> {
    let Origin::Code { entry, .. } = &source.origin else { return Ok(()) };

    match (&entry.code.challenge, request.form.get("code_verifier")) {
        (None, None) => Ok(()),
        (None, Some(_)) => refuse(
            Row::Pkce,
            "code_verifier was sent, but the code was issued without a code_challenge.",
        ),
        (Some(_), None) => refuse(
            Row::Pkce,
            "code_verifier is missing, but the code was issued with a code_challenge.",
        ),
        (Some(challenge), Some(verifier)) if challenge.accepts(verifier) => Ok(()),
        (Some(_), Some(_)) => {
            refuse(Row::Pkce, "code_verifier does not match the code_challenge of the code.")
        }
    }
}

/// Row 18: the scope, if sent, was granted. Returns the scopes of the new access token.
pub(super) fn granted_scopes(
    request: &TokenRequest<'_>,
    source: &GrantSource<'_>,
) -> Result<Scopes, Refusal> {
    let granted = &source.grant.scopes;
    let excess =
        || format!("scope exceeds the granted scopes, which are: {}.", granted.join(" ")).into();

    select_scopes(request.registry, granted, request.form.get("scope"), excess)
        .map_err(|description| Refusal::new(Row::Scope, description))
}

/// Row 19: the grant and the refresh token are still good.
pub(super) async fn check_grant(
    request: &TokenRequest<'_>,
    source: &GrantSource<'_>,
) -> Result<(), Refusal> {
    if let Some(reason) = source.grant.revoked {
        return revoked(request, reason);
    }

    let Origin::Token(token) = &source.origin else { return Ok(()) };
    let settings = &request.registry.settings;
    let now_ms = request.realm.clock.now_ms();

    if token.rotated.is_some() && token.overlapping(settings, now_ms).is_none() {
        return token_replayed(request, source.grant.id).await;
    }
    if now_ms > token.expires_at_ms.saturating_add(settings.refresh_grace.as_ms()) {
        request.recorder.credential(CredentialState::AfterGrace);
        return refuse(
            Row::Grant,
            format!(
                "refresh_token has expired, and its grace period of {} is over; the merchant \
                 must grant access again.",
                settings.refresh_grace
            ),
        );
    }

    Ok(())
}

/// Row 20: the merchant is active.
pub(super) fn check_merchant(
    request: &TokenRequest<'_>,
    source: &GrantSource<'_>,
) -> Result<(), Refusal> {
    match request.registry.merchant(&source.grant.merchant_id) {
        Some(merchant) if merchant.status == AccountStatus::Active => Ok(()),
        Some(_) => refuse(Row::MerchantActive, "The merchant's account is inactive."),
        None => refuse(Row::MerchantActive, "The merchant's account no longer exists."),
    }
}

/// Returns the merchant whose code or refresh token a request presents, for scenarios that match
/// on it.
pub(crate) async fn merchant_of(
    realm: &Realm,
    key: &SigningKey,
    form: &Form<'_>,
) -> Result<Option<Arc<str>>, Unavailable> {
    let presented = presented_by(realm, form);
    let found = realm.grant_store.look_up(&presented).await?;

    if let Some(entry) = found.code {
        return Ok(Some(Arc::clone(&entry.code.merchant_id)));
    }
    if let Some(grant) = found.literal.filter(|_| presented.code.is_none()) {
        return Ok(Some(grant.merchant_id));
    }
    // A code is not among the literal tokens, and has no claims.
    let token = presented.literal.filter(|_| presented.code.is_none());
    let claims = token.and_then(|token| VerifiedClaims::verify(token, key).ok());
    Ok(claims.map(|claims| claims.merchant_id.into()))
}

/// Returns what a form presents to the token endpoint.
pub(crate) fn presented_by<'a>(realm: &Realm, form: &'a Form<'_>) -> Presented<'a> {
    let code = form.get("code");
    if form.get("grant_type") != Some("refresh_token") {
        return Presented { code, literal: code, ids: None };
    }

    form.get("refresh_token")
        .or(code)
        .map_or_else(Presented::default, |token| presented_token(realm, token))
}

/// Returns the grant of the refresh token that a request claims to present, of which nothing has been
/// checked. A request whose scenario keeps it from its decision still belongs to a grant.
pub(crate) fn claimed_grant(realm: &Realm, refresh_token: &str) -> Option<GrantId> {
    realm.ids.read(&read_claims(refresh_token)?.jti).map(|(_, grant)| grant)
}
