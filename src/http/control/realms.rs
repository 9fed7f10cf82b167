//! `/_mock/realms`: making and removing isolated servers within this one.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::Problem;
use super::{Answer, fixtures, input, no_content};
use crate::http::{App, here::Here};
use crate::realm::{Realm, RealmError};

/// What a realm can be given; all of it is optional.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    fixtures: Option<Value>,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    listen: bool,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
) -> Response {
    let realms: Vec<Value> =
        app.realms.all().iter().map(|realm| shown(&app, &here, realm)).collect();
    super::json(StatusCode::OK, &json!({ "realms": realms }))
}

pub(super) async fn put(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let wanted: Wanted = input::read(&headers, body).await?;
    let set =
        wanted.fixtures.map(|set| fixtures::load(set.to_string(), "/fixtures")).transpose()?;
    let existed = app.realms.named(&name).is_some();
    let port = |realm: &Weak<Realm>| app.open_port(wanted.listen, realm);
    let realm = app.realms.create(&name, set, wanted.hosts, port).map_err(problem)?;
    let status = if existed { StatusCode::OK } else { StatusCode::CREATED };
    Ok(super::json(status, &shown(&app, &here, &realm)))
}

fn problem(error: RealmError) -> Problem {
    let status = match &error {
        RealmError::Host(_) => return Problem::of_member("/hosts", error),
        RealmError::HostTaken(_) => return Problem::of_conflict("/hosts", error),
        RealmError::Default | RealmError::TooMany => StatusCode::CONFLICT,
        RealmError::Name => StatusCode::UNPROCESSABLE_ENTITY,
        RealmError::Port(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    Problem::new(status, error.to_string())
}

pub(super) async fn remove(State(app): State<Arc<App>>, Path(name): Path<String>) -> Answer {
    match app.realms.remove(&name).map_err(problem)? {
        true => Ok(no_content()),
        false => Err(Problem::new(StatusCode::NOT_FOUND, "There is no realm of this name.")),
    }
}

/// A realm and the URLs by which whoever asks can reach it.
fn shown(app: &App, here: &Here, realm: &Realm) -> Value {
    let base = here.base_url_of(app, realm);
    let own = |address: SocketAddr| here.url_of_port(app, address);
    json!({
        "name": realm.name(),
        "url": base,
        "token_url": format!("{base}/oauth2/v3/token"),
        "authorize_url": format!("{base}/ebc2/oauth/authorize"),
        "hosts": realm.hosts(),
        "http": realm.own_address().map(own),
        "https": null,
    })
}
