//! `/_mock/realms`: making and removing isolated servers within this one.

use std::sync::{Arc, Weak};

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::problem::Problem;
use super::{Answer, fixtures, json, json_body::JsonBody, no_content};
use crate::fixture::{Fixtures, Source, load_sources};
use crate::http::{App, context::RequestContext};
use crate::realm::{Realm, RealmError};

/// What a realm can be given; all of it is optional.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RealmRequest {
    /// What it starts from, in place of the server's own set.
    #[serde(default)]
    #[schemars(with = "Option<Fixtures>")]
    fixtures: Option<Value>,
    /// RequestPage with one of these in their `Host` belong to it.
    #[serde(default)]
    hosts: Vec<String>,
    /// Whether it gets a port of its own.
    #[serde(default)]
    listen: bool,
}

/// All realms.
#[derive(Serialize, JsonSchema)]
pub(super) struct RealmList {
    /// The default one first.
    realms: Vec<RealmView>,
}

/// A realm and the URLs by which whoever asks can reach it.
#[derive(Serialize, JsonSchema)]
pub(super) struct RealmView {
    name: String,
    /// What all its paths hang from.
    url: String,
    token_url: String,
    authorize_url: String,
    hosts: Vec<String>,
    /// Its own port, if it has one.
    http: Option<String>,
    /// Its own port for HTTPS.
    https: Option<String>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
) -> Response {
    let realms = app.realms.all().iter().map(|realm| shown(&context, realm)).collect();
    json(StatusCode::OK, &RealmList { realms })
}

pub(super) async fn put(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    Path(name): Path<String>,
    sent: JsonBody,
) -> Answer {
    let wanted: RealmRequest = sent.json().await?;
    let set = wanted.fixtures.map(load_fixtures).transpose()?;
    let existed = app.realms.get(&name).is_some();
    let port = |realm: &Weak<Realm>| app.open_port(wanted.listen, realm);
    let realm = app.realms.create(&name, set, wanted.hosts, port).map_err(problem)?;
    let status = if existed { StatusCode::OK } else { StatusCode::CREATED };
    Ok(json(status, &shown(&context, &realm)))
}

/// Loads the member `fixtures` of a body.
fn load_fixtures(fixtures: Value) -> Result<Arc<Fixtures>, Problem> {
    let source = Source { name: fixtures::BODY.to_owned(), text: fixtures.to_string() };
    load_sources(&[source]).map(Arc::new).map_err(|mut errors| {
        for error in &mut errors.0 {
            error.pointer.insert_str(0, "/fixtures");
        }
        Problem::from(errors)
    })
}

fn problem(error: RealmError) -> Problem {
    let status = match &error {
        RealmError::Host(_) => return Problem::of_member("/hosts", error),
        RealmError::HostTaken(_) => return Problem::of_conflict("/hosts", error),
        RealmError::Default | RealmError::TooMany => StatusCode::CONFLICT,
        RealmError::Name => StatusCode::UNPROCESSABLE_ENTITY,
        RealmError::Port(source) => {
            let text = format!("{error}: {source}");
            return Problem::new(StatusCode::SERVICE_UNAVAILABLE, text);
        }
    };
    Problem::new(status, error.to_string())
}

pub(super) async fn remove(State(app): State<Arc<App>>, Path(name): Path<String>) -> Answer {
    match app.realms.remove(&name).map_err(problem)? {
        true => Ok(no_content()),
        false => Err(Problem::new(StatusCode::NOT_FOUND, "There is no realm of this name.")),
    }
}

fn shown(context: &RequestContext, realm: &Realm) -> RealmView {
    let url = context.base_url_of(realm);
    RealmView {
        name: realm.name().to_owned(),
        token_url: format!("{url}/oauth2/v3/token"),
        authorize_url: format!("{url}/ebc2/oauth/authorize"),
        url,
        hosts: realm.hosts().to_vec(),
        http: realm.own_http().map(|address| context.url_of_port("http", address)),
        https: realm.own_https().map(|address| context.url_of_port("https", address)),
    }
}
