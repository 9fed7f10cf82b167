//! Rows 10 to 15: the client's identity, and what it may do.

use std::sync::Arc;

use super::request::{TokenRequest, credentials};
use crate::fixture::{ClientType, GrantType, is_client_id};
use crate::oauth::{ClientCredentials, Refusal, Row, refuse};
use crate::realm::{ClientEntry, Registry};

/// Authenticates a client as the token endpoint does: rows 7 and 10 to 14.
pub(crate) fn authenticate<'r>(
    request: &TokenRequest<'r>,
) -> Result<&'r Arc<ClientEntry>, Refusal> {
    let required = ["client_id", "client_secret"];
    let credentials = credentials(request, &required)?; //                       row 7

    check_client_id(&credentials)?; //                                           row 10
    let client = find_client(request.registry, &credentials)?; //                row 11
    check_client_type(client)?; //                                               row 12
    check_secret(request, client, &credentials)?; //                             row 13
    check_active(client)?; //                                                    row 14

    Ok(client)
}

/// Row 10: the client ID is well-formed.
pub(super) fn check_client_id(credentials: &ClientCredentials<'_>) -> Result<(), Refusal> {
    if is_client_id(&credentials.client_id) {
        return Ok(());
    }

    refuse(
        Row::ClientIdForm,
        "client_id is malformed: it must be 1 to 64 characters of A-Z a-z 0-9 . _ - (check its \
         encoding).",
    )
}

/// Row 11: the client is registered.
pub(super) fn find_client<'r>(
    registry: &'r Registry,
    credentials: &ClientCredentials<'_>,
) -> Result<&'r Arc<ClientEntry>, Refusal> {
    registry.client(&credentials.client_id).ok_or_else(|| {
        Refusal::new(
            Row::ClientKnown,
            "client_id is well-formed, but no such client is registered.",
        )
    })
}

/// Row 12: the client is confidential.
pub(super) fn check_client_type(client: &ClientEntry) -> Result<(), Refusal> {
    match client.config.client_type {
        ClientType::Confidential => Ok(()),
        ClientType::Public => refuse(
            Row::ClientType,
            "client_id is registered as a public client; only confidential clients are supported.",
        ),
    }
}

/// Row 13: the secret is right, and the certificate too if the client is tied to one.
pub(super) fn check_secret(
    request: &TokenRequest<'_>,
    client: &ClientEntry,
    credentials: &ClientCredentials<'_>,
) -> Result<(), Refusal> {
    let TokenRequest { certificate, recorder, .. } = *request;
    let secret = &client.config.secret;

    if let Some(mistake) = secret.mistake_in(&credentials.client_secret) {
        recorder.secret_mistake(mistake);
        return refuse(Row::ClientSecret, format!("client_secret is wrong; {mistake}."));
    }
    if !secret.matches(&credentials.client_secret) {
        return refuse(Row::ClientSecret, "client_secret is wrong.");
    }

    let Some(expected) = client.config.certificate_cn.as_deref() else { return Ok(()) };
    if certificate == Some(expected) {
        return Ok(());
    }

    let presented = match certificate {
        Some(name) => quote(name),
        None => "none".to_owned(),
    };
    refuse(
        Row::ClientSecret,
        format!(
            "This client must present the certificate {}; the connection presents {presented}.",
            quote(expected)
        ),
    )
}

/// Quotes a name with the characters that an error description may have (RFC 6749, section 5.2),
/// which excludes the double quote.
fn quote(name: &str) -> String {
    let is_allowed = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
    let shown: String = name.chars().map(|c| if is_allowed(&c) { c } else { '?' }).collect();
    format!("'{shown}'")
}

/// Row 14: the client is active.
pub(super) fn check_active(client: &ClientEntry) -> Result<(), Refusal> {
    if client.is_active() {
        return Ok(());
    }

    refuse(Row::ClientActive, "The partner's account is inactive.")
}

/// Row 15: the client may use this grant type.
pub(super) fn check_grant_type(client: &ClientEntry, grant_type: GrantType) -> Result<(), Refusal> {
    if client.config.grant_types.contains(&grant_type) {
        return Ok(());
    }

    refuse(
        Row::ClientGrantType,
        format!("This client may not use the grant_type {}.", grant_type.as_str()),
    )
}
