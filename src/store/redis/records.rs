//! Codes and grants as the store keeps them: texts that scripts do not read, and fields that they do.

use std::sync::Arc;

use uuid::Uuid;

use super::keys::fingerprint;
use crate::store::{
    Code, CodeEntry, Found, Grant, Presented, RefreshTokenEntry, Revocation, Rotation,
};
use crate::token::GrantId;

/// The fields of a grant in a reply: its ID, its order and what never changes, the time of the grant, the
/// time after which it may be purged, and why it was revoked or "".
pub(super) type GrantFields = (String, String, String, String, String);

/// A code in a reply, and the ID of its grant or "".
pub(super) type CodeFields = (String, String);

/// Returns the grant as the arguments of a script: its ID, what never changes, and its two times.
pub(super) fn grant_arguments(grant: &Grant) -> [String; 4] {
    [
        grant.id.to_string(),
        serde_json::to_string(grant).unwrap_or_default(),
        grant.granted_at_ms.to_string(),
        grant.purge_after_ms.to_string(),
    ]
}

/// Reads a grant, with its order among all grants.
pub(super) fn read_grant(fields: GrantFields) -> Option<(u64, Grant)> {
    let (id, ordered, granted_at, purge_after, revoked) = fields;
    let (order, fixed) = ordered.split_once(' ')?;

    let grant = Grant {
        id: GrantId::parse(&id)?,
        granted_at_ms: granted_at.parse().ok()?,
        purge_after_ms: purge_after.parse().ok()?,
        revoked: read_revocation(&revoked),
        ..serde_json::from_str(fixed).ok()?
    };
    Some((order.parse().ok()?, grant))
}

/// What a script found: a code, its grant, the grant of a literal token, a token, and its grant.
pub(super) type FoundReply = (
    Option<CodeFields>,
    Option<GrantFields>,
    Option<GrantFields>,
    Option<String>,
    Option<GrantFields>,
);

/// Returns what is looked up as the arguments of a script.
pub(super) fn presented_arguments(presented: &Presented<'_>) -> [String; 4] {
    let secret = |text: Option<&str>| text.map(fingerprint).unwrap_or_default();
    let (token, grant) = presented.ids.unzip();
    [
        secret(presented.code),
        secret(presented.literal),
        token.map(|id| id.to_string()).unwrap_or_default(),
        grant.map(|id| id.to_string()).unwrap_or_default(),
    ]
}

pub(super) fn read_found(reply: FoundReply) -> Found {
    let (code, grant_of_code, literal, token, grant) = reply;
    let grant_of = |fields: Option<GrantFields>| Some(read_grant(fields?)?.1);
    Found {
        code: code.and_then(read_code),
        grant_of_code: grant_of(grant_of_code),
        literal: grant_of(literal),
        refresh_token: token.as_deref().and_then(read_token),
        grant: grant_of(grant),
    }
}

/// Returns a code as a text that begins with R if the code is reusable, else with O.
pub(super) fn code_text(code: &Code) -> String {
    let kind = if code.reusable { 'R' } else { 'O' };
    format!("{kind}{}", serde_json::to_string(code).unwrap_or_default())
}

pub(super) fn read_code((code, grant): CodeFields) -> Option<CodeEntry> {
    Some(CodeEntry {
        code: Arc::new(serde_json::from_str(code.get(1..)?).ok()?),
        grant: GrantId::parse(&grant),
    })
}

/// Reads what is known of a refresh token: its expiry, its successor, and the time of the rotation.
pub(super) fn read_token(text: &str) -> Option<RefreshTokenEntry> {
    let mut fields = text.split(' ');
    let expires_at_ms = fields.next()?.parse().ok()?;

    let rotated = fields.next().zip(fields.next());
    let rotated = rotated.and_then(|(successor, at)| read_rotation(successor, at));
    Some(RefreshTokenEntry { expires_at_ms, rotated, purge_after_ms: i64::MAX })
}

/// Reads a rotation: the successor of a token, and its time.
pub(super) fn read_rotation(successor: &str, at: &str) -> Option<Rotation> {
    Some(Rotation { successor: Uuid::try_parse(successor).ok()?, at_ms: at.parse().ok()? })
}

pub(super) fn revocation_text(reason: Revocation) -> &'static str {
    match reason {
        Revocation::Merchant => "merchant",
        Revocation::Client => "client",
        Revocation::CodeReplay => "code_replay",
        Revocation::TokenReuse => "token_reuse",
    }
}

pub(super) fn read_revocation(text: &str) -> Option<Revocation> {
    use Revocation::{Client, CodeReplay, Merchant, TokenReuse};

    let reasons = [Merchant, Client, CodeReplay, TokenReuse];
    reasons.into_iter().find(|reason| revocation_text(*reason) == text)
}
