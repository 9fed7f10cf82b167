//! `/_mock/clients` and `/_mock/merchants`: the fixtures that tests change most.

use std::borrow::Cow;

use axum::extract::Path;
use axum::http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value};

use super::edit::edit;
use super::json::Json;
use super::problem::Problem;
use super::routes::{DELETE, GET, PATCH, PUT, Routes};
use crate::fixture::{Client, Merchant};
use crate::http::context::RequestContext;
use crate::realm::{FixtureEntry, read_entry};

/// The registered clients.
#[derive(Serialize, JsonSchema)]
struct ClientList {
    /// The clients, in the order of the fixtures.
    clients: Vec<Client>,
}

/// The merchants.
#[derive(Serialize, JsonSchema)]
struct MerchantList {
    /// The merchants, in the order of the fixtures.
    merchants: Vec<Merchant>,
}

/// The schema of an entry whose ID is in the path, so that the body can leave it out.
struct WithoutId<E>(E);

impl<E: JsonSchema> JsonSchema for WithoutId<E> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Request", E::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = E::json_schema(generator);
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.retain(|member| member != "id");
        }
        schema
    }
}

pub(super) fn add_routes(routes: &mut Routes) {
    add_client_routes(routes);
    add_merchant_routes(routes);
}

fn add_client_routes(routes: &mut Routes) {
    routes
        .add(GET, "/clients", list_clients)
        .doc("listClients", "Lists the registered clients")
        .returns::<ClientList>(200, "All clients.");

    routes
        .add(GET, "/clients/{id}", show::<Client>)
        .doc("getClient", "Returns a client")
        .returns::<Client>(200, "The client.");

    routes
        .add(PUT, "/clients/{id}", put::<Client>)
        .doc("putClient", "Creates or replaces a client")
        .takes::<WithoutId<Client>>()
        .returns::<Client>(200, "The client replaced another.")
        .returns::<Client>(201, "The client was created.");

    routes
        .add(PATCH, "/clients/{id}", patch::<Client>)
        .doc("patchClient", "Changes members of a client; null resets a member to its default")
        .takes::<Map<String, Value>>()
        .returns::<Client>(200, "The changed client.");

    routes
        .add(DELETE, "/clients/{id}", remove::<Client>)
        .doc(
            "deleteClient",
            "Deletes a client and the codes and tokens of the fixtures that refer to it",
        )
        .returns_nothing("The client is deleted.");
}

fn add_merchant_routes(routes: &mut Routes) {
    routes
        .add(GET, "/merchants", list_merchants)
        .doc("listMerchants", "Lists the merchants")
        .returns::<MerchantList>(200, "All merchants.");

    routes
        .add(GET, "/merchants/{id}", show::<Merchant>)
        .doc("getMerchant", "Returns a merchant")
        .returns::<Merchant>(200, "The merchant.");

    routes
        .add(PUT, "/merchants/{id}", put::<Merchant>)
        .doc("putMerchant", "Creates or replaces a merchant")
        .takes::<WithoutId<Merchant>>()
        .returns::<Merchant>(200, "The merchant replaced another.")
        .returns::<Merchant>(201, "The merchant was created.");

    routes
        .add(PATCH, "/merchants/{id}", patch::<Merchant>)
        .doc("patchMerchant", "Changes members of a merchant; null resets a member to its default")
        .takes::<Map<String, Value>>()
        .returns::<Merchant>(200, "The changed merchant.");

    routes
        .add(DELETE, "/merchants/{id}", remove::<Merchant>)
        .doc(
            "deleteMerchant",
            "Deletes a merchant and the codes and tokens of the fixtures that refer to it",
        )
        .returns_nothing("The merchant is deleted.");
}

async fn list_clients(context: RequestContext) -> Json<ClientList> {
    Json(ClientList { clients: context.realm.registry().fixtures.clients.clone() })
}

async fn list_merchants(context: RequestContext) -> Json<MerchantList> {
    Json(MerchantList { merchants: context.realm.registry().fixtures.merchants.clone() })
}

async fn show<E: FixtureEntry>(
    context: RequestContext,
    Path(id): Path<String>,
) -> Result<Json<E>, Problem> {
    find(&context, &id).map(Json)
}

async fn put<E: FixtureEntry>(
    context: RequestContext,
    Path(id): Path<String>,
    Json(request): Json<Map<String, Value>>,
) -> Result<(StatusCode, Json<E>), Problem> {
    let put = edit(&context, move |realm| {
        let entry: E = read_entry(&id, request.clone())?;
        realm.put_entry(entry.clone()).map(|replaced| (entry, replaced))
    });
    let (entry, replaced) = put.await??;

    let status = if replaced { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(entry)))
}

async fn patch<E: FixtureEntry>(
    context: RequestContext,
    Path(id): Path<String>,
    body: Result<Json<Map<String, Value>>, Problem>,
) -> Result<Json<E>, Problem> {
    // An unknown ID is reported before anything that is wrong with the body.
    find::<E>(&context, &id)?;
    let Json(patch) = body?;

    let patched = edit(&context, move |realm| realm.patch_entry::<E>(&id, patch.clone())).await??;
    patched.map(Json).ok_or_else(unknown::<E>)
}

async fn remove<E: FixtureEntry>(
    context: RequestContext,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if !edit(&context, move |realm| realm.remove_entry::<E>(&id)).await?? {
        return Err(unknown::<E>());
    }
    Ok(StatusCode::NO_CONTENT)
}

fn find<E: FixtureEntry>(context: &RequestContext, id: &str) -> Result<E, Problem> {
    let fixtures = &context.realm.registry().fixtures;
    let entry = E::list(fixtures).iter().find(|entry| entry.id() == id);
    entry.cloned().ok_or_else(unknown::<E>)
}

fn unknown<E: FixtureEntry>() -> Problem {
    Problem::not_found(format!("There is no {} with this ID.", E::KIND))
}
