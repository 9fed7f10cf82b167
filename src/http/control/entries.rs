//! `/_mock/clients` and `/_mock/merchants`: the two lists of a set that tests change most.

use axum::Extension;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::problem::Problem;
use super::{Answer, fixtures, json_body::JsonBody, no_content};
use crate::fixture::{Client, Merchant};
use crate::http::context::RequestContext;

/// The registered partners.
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
    super::json(StatusCode::OK, &ClientList { clients })
}

pub(super) async fn merchants(Extension(context): Extension<RequestContext>) -> Response {
    let merchants = context.realm.registry().fixtures.merchants.clone();
    super::json(StatusCode::OK, &MerchantList { merchants })
}

pub(super) async fn client(
    Extension(context): Extension<RequestContext>,
    method: Method,
    Path(id): Path<String>,
    sent: JsonBody,
) -> Answer {
    edit_entry(&context, "clients", "client", &method, &id, sent).await
}

pub(super) async fn merchant(
    Extension(context): Extension<RequestContext>,
    method: Method,
    Path(id): Path<String>,
    sent: JsonBody,
) -> Answer {
    edit_entry(&context, "merchants", "merchant", &method, &id, sent).await
}

/// Shows, puts, patches or deletes an entry. The set is changed as JSON and loaded again whole, so
/// whatever a fixture file may not say cannot be said context.
async fn edit_entry(
    context: &RequestContext,
    list: &str,
    kind: &str,
    method: &Method,
    id: &str,
    sent: JsonBody,
) -> Answer {
    let mut set = fixtures::as_json(context);
    let unknown = || Problem::new(StatusCode::NOT_FOUND, format!("There is no {kind} of this id."));
    let Some(entries) = set[list].as_array_mut() else { return Err(unknown()) };
    let place = entries.iter().position(|entry| entry["id"] == id);
    let status = match (method, place) {
        (&Method::GET | &Method::HEAD, place) => {
            let entry = place.map(|place| &entries[place]).ok_or_else(unknown)?;
            return Ok(super::json(StatusCode::OK, entry));
        }
        (&Method::DELETE, place) => {
            entries.remove(place.ok_or_else(unknown)?);
            // Codes and tokens of it would refer to nobody.
            for dependent in ["codes", "refresh_tokens"] {
                if let Some(entries) = set[dependent].as_array_mut() {
                    entries.retain(|entry| entry[kind] != id);
                }
            }
            context.realm.set_registry(&fixtures::load(set.to_string(), "")?);
            return Ok(no_content());
        }
        (&Method::PATCH, place) => {
            let place = place.ok_or_else(unknown)?;
            let changes: Map<String, Value> = sent.json().await?;
            for (name, value) in changes {
                // As in RFC 7396, null takes a member away, and with it back to its default.
                match (value, entries[place].as_object_mut()) {
                    (Value::Null, Some(entry)) => drop(entry.shift_remove(&name)),
                    (value, Some(entry)) => drop(entry.insert(name, value)),
                    (_, None) => {}
                }
            }
            StatusCode::OK
        }
        (_, place) => {
            let mut entry: Map<String, Value> = sent.json().await?;
            entry.entry("id").or_insert_with(|| id.into());
            match place {
                Some(place) => entries[place] = entry.into(),
                None => entries.push(entry.into()),
            }
            if place.is_some() { StatusCode::OK } else { StatusCode::CREATED }
        }
    };
    let place = place.unwrap_or(entries.len() - 1);
    if entries[place]["id"] != id {
        return Err(Problem::of_member("/id", "this is another id than in the path"));
    }
    let loaded = fixtures::load(set.to_string(), "");
    let own = format!("/{list}/{place}");
    context.realm.set_registry(&loaded.map_err(|problem| problem.below(&own))?);
    Ok(super::json(status, &fixtures::as_json(context)[list][place]))
}
