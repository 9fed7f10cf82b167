//! Rows 10 to 15: whether the client is who it says, and may do this.

use std::sync::Arc;

use super::credentials::Credentials;
use crate::fixture::{ClientType, GrantType, is_client_id};
use crate::oauth::{Refusal, Row, refuse};
use crate::realm::{ClientEntry, Registry};

/// Row 10.
pub(super) fn client_id_form(credentials: &Credentials<'_>) -> Result<(), Refusal> {
    if is_client_id(&credentials.client_id) {
        return Ok(());
    }
    refuse(
        Row::ClientIdForm,
        "client_id is malformed: it must be 1 to 64 of A-Z a-z 0-9 . _ - (check its encoding).",
    )
}

/// Row 11.
pub(super) fn client_known<'r>(
    registry: &'r Registry,
    credentials: &Credentials<'_>,
) -> Result<&'r Arc<ClientEntry>, Refusal> {
    let known = registry.client(&credentials.client_id);
    known.ok_or_else(|| {
        Refusal::new(
            Row::ClientKnown,
            "client_id is well-formed, but no such client is registered.",
        )
    })
}

/// Row 12.
pub(super) fn client_type(client: &ClientEntry) -> Result<(), Refusal> {
    match client.config.client_type {
        ClientType::Confidential => Ok(()),
        ClientType::Public => refuse(
            Row::ClientType,
            "client_id is registered as a public client; only confidential clients are supported.",
        ),
    }
}

/// Row 13: the secret, and the certificate if the client is tied to one.
pub(super) fn client_secret(
    client: &ClientEntry,
    credentials: &Credentials<'_>,
    certificate: Option<&str>,
) -> Result<(), Refusal> {
    if !client.config.secret.matches(&credentials.client_secret) {
        return refuse(Row::ClientSecret, "client_secret is not this client's.");
    }
    let Some(expected) = client.config.certificate_cn.as_deref() else { return Ok(()) };
    match certificate {
        Some(shown) if shown == expected => Ok(()),
        Some(shown) => refuse(
            Row::ClientSecret,
            format!(
                "This client must present the certificate \"{expected}\"; the connection \
                 presents \"{shown}\"."
            ),
        ),
        None => refuse(
            Row::ClientSecret,
            format!(
                "This client must present the certificate \"{expected}\"; the connection \
                 presents none."
            ),
        ),
    }
}

/// Row 14.
pub(super) fn client_active(client: &ClientEntry) -> Result<(), Refusal> {
    if client.is_active() {
        return Ok(());
    }
    refuse(Row::ClientActive, "The partner's account is not active; its status is inactive.")
}

/// Row 15.
pub(super) fn client_grant_type(client: &ClientEntry, asked: GrantType) -> Result<(), Refusal> {
    if client.config.grant_types.contains(&asked) {
        return Ok(());
    }
    refuse(
        Row::ClientGrantType,
        format!("grant_type {} is not one that this client may use.", asked.as_str()),
    )
}
