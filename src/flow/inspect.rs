//! Inspects a token or a code in its realm.

use serde_json::{Map, Value, json};

use super::token_status::{TokenState, TokenStatus, UnknownToken, token_status};
use crate::realm::Realm;
use crate::store::{Code, CodeEntry, Grant, Presented, Unavailable};
use crate::token::{Inspection, SigningKey, check_lifetime, inspect, readable_times};

/// Inspects a token or a code. Unlike the `inspect` function of the library, this knows what became of
/// its grant.
pub(crate) async fn inspect_in_realm(
    realm: &Realm,
    key: &SigningKey,
    token: &str,
) -> Result<Inspection, Unavailable> {
    let token = token.trim();
    let presented = Presented { code: Some(token), literal: Some(token), ids: None };
    let found = realm.grant_store.look_up(&presented).await?;
    if let Some(entry) = found.code {
        return Ok(inspect_code(&entry, realm.clock.now_ms()));
    }
    if let Some(grant) = found.literal {
        return Ok(inspect_fixture_token(&grant));
    }

    let mut inspection = inspect(token, key, realm.clock.now_ms());

    match token_status(realm, key, token).await {
        Err(UnknownToken::Unavailable(unavailable)) => return Err(unavailable),
        Err(error) => {
            inspection.valid = false;
            inspection.reason = format!("The token {error}.");
        }
        Ok(TokenStatus { state: TokenState::Active, .. }) => {
            // By its claims it has expired, but a refresh has extended it since.
            if !inspection.valid {
                inspection.valid = true;
                inspection.reason = "It is valid: a refresh has extended its expiry.".to_owned();
            }
        }
        // The inspection already says how long ago the token expired.
        Ok(TokenStatus { state: TokenState::Expired, .. }) => inspection.valid = false,
        Ok(TokenStatus { state, .. }) => {
            inspection.valid = false;
            inspection.reason = format!("The token {state}.");
        }
    }

    Ok(inspection)
}

/// Describes an authorization code like a token: its claims are what it was issued for.
fn inspect_code(entry: &CodeEntry, now_ms: i64) -> Inspection {
    let CodeEntry { code, grant } = entry;
    let Code { client_id, merchant_id, scopes, redirect_url, .. } = &**code;

    let mut claims = json!({
        "client_id": client_id, "merchant_id": merchant_id, "scopes": scopes,
        "redirect_url": redirect_url, "code_challenge": code.challenge.is_some(),
    });
    if code.reusable {
        let reason = "It is valid: the fixtures define this code, which can be used repeatedly.";
        return of_claims("authorization_code", (true, reason.to_owned()), claims);
    }

    claims["iat"] = code.issued_at_ms.into();
    claims["expires_in"] = code.expires_at_ms.into();
    let verdict = if grant.is_some() {
        (false, "The code was exchanged already.".to_owned())
    } else {
        check_lifetime(code.issued_at_ms, code.expires_at_ms, now_ms)
    };
    of_claims("authorization_code", verdict, claims)
}

/// Describes a literal refresh token of the fixtures, which has no claims of its own.
fn inspect_fixture_token(grant: &Grant) -> Inspection {
    let verdict = match grant.revoked {
        None => (true, "It is valid: the fixtures define this refresh token.".to_owned()),
        Some(reason) => (false, format!("The token {reason}.")),
    };
    let claims = json!({
        "client_id": grant.client_id, "merchant_id": grant.merchant_id, "scopes": grant.scopes,
    });
    of_claims("refresh_token", verdict, claims)
}

fn of_claims(
    token_type: &'static str,
    (valid, reason): (bool, String),
    claims: Value,
) -> Inspection {
    let times: Map<String, Value> = readable_times(&claims);
    let token_type = Some(token_type);
    Inspection { token_type, valid, reason, header: None, claims: Some(claims), times }
}
