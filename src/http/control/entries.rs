//! `/_mock/clients` and `/_mock/merchants`: the entries of the fixtures that tests change most.

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::problem::Problem;
use super::{Answer, json, json_body::JsonBody, no_content};
use crate::fixture::{Client, Merchant};
use crate::http::context::RequestContext;
use crate::realm::{FixtureEntry, read_entry};

/// The registered clients.
#[derive(Serialize, JsonSchema)]
pub(super) struct ClientList {
    clients: Vec<Client>,
}

/// The merchants.
#[derive(Serialize, JsonSchema)]
pub(super) struct MerchantList {
    merchants: Vec<Merchant>,
}

pub(super) async fn clients(Extension(context): Extension<RequestContext>) -> Response {
    let clients = context.realm.registry().fixtures.clients.clone();
    json(StatusCode::OK, &ClientList { clients })
}

pub(super) async fn merchants(Extension(context): Extension<RequestContext>) -> Response {
    let merchants = context.realm.registry().fixtures.merchants.clone();
    json(StatusCode::OK, &MerchantList { merchants })
}

pub(super) async fn show<E: FixtureEntry>(
    Extension(context): Extension<RequestContext>,
    Path(id): Path<String>,
) -> Answer {
    entry::<E>(&context, &id, StatusCode::OK)
}

pub(super) async fn put<E: FixtureEntry>(
    Extension(context): Extension<RequestContext>,
    Path(id): Path<String>,
    sent: JsonBody,
) -> Answer {
    let sent: Map<String, Value> = sent.json().await?;
    let replaced = context.realm.put_entry::<E>(read_entry(&id, sent)?)?;

    entry::<E>(&context, &id, if replaced { StatusCode::OK } else { StatusCode::CREATED })
}

pub(super) async fn patch<E: FixtureEntry>(
    Extension(context): Extension<RequestContext>,
    Path(id): Path<String>,
    sent: JsonBody,
) -> Answer {
    // An unknown id is reported before anything that is wrong with the body.
    entry::<E>(&context, &id, StatusCode::OK)?;
    let sent: Map<String, Value> = sent.json().await?;
    context.realm.patch_entry::<E>(&id, sent)?;

    entry::<E>(&context, &id, StatusCode::OK)
}

pub(super) async fn remove<E: FixtureEntry>(
    Extension(context): Extension<RequestContext>,
    Path(id): Path<String>,
) -> Answer {
    if context.realm.remove_entry::<E>(&id)? { Ok(no_content()) } else { Err(unknown::<E>()) }
}

/// The response with an entry as it is now.
fn entry<E: FixtureEntry>(context: &RequestContext, id: &str, status: StatusCode) -> Answer {
    let fixtures = &context.realm.registry().fixtures;
    let entry = E::list(fixtures).iter().find(|entry| entry.id() == id);
    entry.map(|entry| json(status, entry)).ok_or_else(unknown::<E>)
}

fn unknown<E: FixtureEntry>() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("There is no {} of this id.", E::KIND))
}
