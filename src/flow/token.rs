//! The token endpoint's decision, from row 7 of the table on. (Rows 1 to 6 are about bytes:
//! see [`crate::http`].)

use std::sync::Arc;

use super::Effects;
use super::client::{
    client_active, client_grant_type, client_id_form, client_known, client_secret, client_type,
};
use super::credentials::{client_credentials, credentials};
use super::grant::{GrantSource, Origin, code_or_token, presented};
use super::replay::{revoked, token_replayed};
use crate::fixture::{AccountStatus, GrantType};
use crate::journal::RequestRecorder;
use crate::oauth::scope::{narrow, split};
use crate::oauth::{Form, Refusal, Row, Scopes, TokenResponse, refuse};
use crate::realm::{ClientEntry, Realm, Registry};
use crate::token::{SigningKey, VerifiedClaims};

/// A token request whose form has been read, and what it is judged by.
pub(crate) struct TokenRequest<'a> {
    pub(crate) realm: &'a Realm,
    pub(crate) registry: &'a Registry,
    pub(crate) key: &'a SigningKey,
    pub(crate) form: &'a Form<'a>,
    /// The `Authorization` header, read under `dialect: rfc6749` only.
    pub(crate) authorization: Option<&'a [u8]>,
    /// The common name of the certificate that the connection shows.
    pub(crate) certificate: Option<&'a str>,
    /// What a scenario wants to be different about a success.
    pub(crate) effects: &'a Effects,
    /// What the journal is to know of it.
    pub(crate) recorder: &'a RequestRecorder,
}

/// What a request that passes the table is given.
pub(crate) struct Approved<'r, 'a> {
    client: &'r ClientEntry,
    source: GrantSource<'a>,
    scopes: Scopes,
}

/// Judges a request, and gives it what it asks for.
pub(crate) async fn decide(request: &TokenRequest<'_>) -> Result<TokenResponse, Refusal> {
    let Approved { client, source, scopes } = check_rows(request).await?; //             rows 7 to 20
    super::issue::issue(request, client, source, scopes).await //                 row 21
}

/// The table, top to bottom. Nothing changes here, unless a replay revokes a grant.
pub(crate) async fn check_rows<'r, 'a>(
    request: &'r TokenRequest<'a>,
) -> Result<Approved<'r, 'a>, Refusal> {
    let credentials = credentials(request)?; //                                  row 7
    let grant_type = grant_type(request)?; //                                    row 8
    let presented = presented(request, grant_type)?; //                          row 9
    client_id_form(&credentials)?; //                                            row 10
    let client = client_known(request.registry, &credentials)?; //               row 11
    client_type(client)?; //                                                     row 12
    client_secret(client, &credentials, request.certificate)?; //                row 13
    client_active(client)?; //                                                   row 14
    client_grant_type(client, grant_type)?; //                                   row 15
    let source = code_or_token(request, client, presented).await?; //             row 16
    request.recorder.merchant(&source.grant.merchant_id);
    redirect(request, client, &source)?; //                                       row 17
    pkce(request, &source)?; //                                                   row 17
    let scopes = scope(request, &source)?; //                                     row 18
    grant_stands(request, &source).await?; //                                     row 19
    merchant_active(request, &source)?; //                                        row 20
    Ok(Approved { client, source, scopes })
}

/// Rows 7 and 10 to 14, for the endpoints that a client authenticates at as it does here.
pub(crate) fn authenticate<'r>(
    request: &TokenRequest<'r>,
) -> Result<&'r Arc<ClientEntry>, Refusal> {
    let credentials = client_credentials(request)?;
    client_id_form(&credentials)?;
    let client = client_known(request.registry, &credentials)?;
    client_type(client)?;
    client_secret(client, &credentials, request.certificate)?;
    client_active(client)?;
    Ok(client)
}

/// Row 8.
fn grant_type(request: &TokenRequest<'_>) -> Result<GrantType, Refusal> {
    match request.form.get("grant_type") {
        Some("authorization_code") => Ok(GrantType::AuthorizationCode),
        Some("refresh_token") => Ok(GrantType::RefreshToken),
        _ => refuse(
            Row::GrantType,
            "grant_type must be authorization_code or refresh_token, in exactly this spelling.",
        ),
    }
}

/// Row 17: a redirect URL that is sent along must be the one that the code was issued for. A code
/// that was issued without one (from a fixture, say) goes with any that the client registered.
fn redirect(
    request: &TokenRequest<'_>,
    client: &ClientEntry,
    source: &GrantSource<'_>,
) -> Result<(), Refusal> {
    for name in ["redirect_uri", "redirect_url"] {
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

/// Row 17, too: the proof that the authorize request promised (RFC 7636).
fn pkce(request: &TokenRequest<'_>, source: &GrantSource<'_>) -> Result<(), Refusal> {
    let Origin::Code { entry, .. } = &source.origin else { return Ok(()) };
    match (&entry.code.challenge, request.form.get("code_verifier")) {
        (None, None) => Ok(()),
        (None, Some(_)) if !entry.code.by_authorize => Ok(()),
        (None, Some(_)) => refuse(
            Row::Pkce,
            "code_verifier was sent, but the authorize request had no code_challenge.",
        ),
        (Some(_), None) => refuse(
            Row::Pkce,
            "code_verifier is missing: the authorize request had a code_challenge.",
        ),
        (Some(challenge), Some(verifier)) if challenge.accepts(verifier) => Ok(()),
        (Some(_), Some(_)) => refuse(
            Row::Pkce,
            "code_verifier does not fit the code_challenge of the authorize request.",
        ),
    }
}

/// Row 18: the scopes of the new access token.
fn scope(request: &TokenRequest<'_>, source: &GrantSource<'_>) -> Result<Scopes, Refusal> {
    let granted = &source.grant.scopes;
    let Some(sent) = request.form.get("scope") else { return Ok(Arc::clone(granted)) };
    let Some(asked) = split(sent) else {
        return refuse(
            Row::Scope,
            "scope is malformed: scopes are printable ASCII with one space between two.",
        );
    };
    if let Some(scopes) = narrow(granted, &asked) {
        return Ok(scopes);
    }
    if asked.iter().any(|one| !request.registry.knows_scope(one)) {
        return refuse(Row::Scope, "scope names a scope that this server does not know.");
    }
    refuse(
        Row::Scope,
        format!("scope asks for more than was granted, which is: {}.", granted.join(" ")),
    )
}

/// Row 19.
async fn grant_stands(request: &TokenRequest<'_>, source: &GrantSource<'_>) -> Result<(), Refusal> {
    if source.grant.revoked {
        return Err(revoked());
    }
    let Origin::Token(token) = &source.origin else { return Ok(()) };
    let settings = &request.registry.settings;
    let now = request.realm.clock().now_ms();
    if token.rotated.is_some() && token.overlapping(settings, now).is_none() {
        return Err(token_replayed(request, source.grant.id).await);
    }
    if now > token.expires_at_ms.saturating_add(settings.refresh_grace.as_ms()) {
        return refuse(
            Row::Grant,
            format!(
                "refresh_token has expired, and its grace period of {} is over; the merchant \
                 must grant again.",
                settings.refresh_grace
            ),
        );
    }
    Ok(())
}

/// Row 20.
fn merchant_active(request: &TokenRequest<'_>, source: &GrantSource<'_>) -> Result<(), Refusal> {
    match request.registry.merchant(&source.grant.merchant_id) {
        Some(merchant) if merchant.status == AccountStatus::Active => Ok(()),
        Some(_) => refuse(Row::MerchantActive, "The merchant's account is inactive."),
        None => refuse(Row::MerchantActive, "The merchant's account is no longer there."),
    }
}

/// The merchant whose code or refresh token a request brings, for scenarios that ask.
pub(crate) async fn merchant_of(
    realm: &Realm,
    key: &SigningKey,
    form: &Form<'_>,
) -> Option<Arc<str>> {
    let grant_store = realm.grant_store();
    let code = form.get("code");
    if form.get("grant_type") != Some("refresh_token") {
        return Some(Arc::clone(&grant_store.code(code?).await?.code.merchant_id));
    }
    let token = form.get("refresh_token").or(code)?;
    if let Some(grant) = grant_store.fixture_token(token).await {
        return Some(grant.merchant_id);
    }
    VerifiedClaims::verify(token, key).ok().map(|claims| claims.merchant_id.into())
}
