//! POST `/_mock/inspect`: what a token says, and whether it is good now.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::{Answer, input, json};
use crate::authority::bearer::standing;
use crate::http::{App, here::Here};
use crate::token;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    token: String,
}

/// Unlike the command, the server also knows what became of the token's grant.
pub(super) async fn inspect(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let wanted: Wanted = input::read(&headers, body).await?;
    let mut found = token::inspect(&wanted.token, &app.key, here.realm.clock().now_ms());
    match standing(&here.realm, &app.key, wanted.token.trim()).await {
        Err(why) => {
            found.valid = false;
            found.reason = format!("The token {why}.");
        }
        Ok(standing) => {
            if let Some(fault) = standing.fault {
                found.valid = false;
                // How long ago an expired one expired is said already.
                if fault != "has expired" {
                    found.reason = format!("The token {fault}.");
                }
            } else if !found.valid {
                found.valid = true;
                found.reason = "It is good: a refresh has moved its expiry on.".to_owned();
            }
        }
    }
    Ok(json(StatusCode::OK, &found))
}
