//! `/_mock/realms`: the isolated servers within this one.

use std::io;
use std::sync::{Arc, Weak};

use axum::extract::Path;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::blocking::run_blocking;
use super::fixtures::BODY;
use super::json::Json;
use super::problem::Problem;
use super::routes::{DELETE, GET, PUT, Routes};
use crate::fixture::{FixtureErrors, Fixtures, Source, load_sources};
use crate::http::app::App;
use crate::http::context::RequestContext;
#[cfg(feature = "redis")]
use crate::realm::SharedRealmError;
use crate::realm::{OwnPorts, Realm, RealmError};

/// The configuration of a realm.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RealmRequest {
    /// The fixtures of the realm. Default: those of the server.
    #[serde(default)]
    fixtures: Option<RealmFixtures>,
    /// The host names of the realm: a request with one of them in its `Host` header belongs to the
    /// realm. Default: none.
    #[serde(default)]
    hosts: Vec<String>,
    /// Whether the realm listens on its own ports. Default: false.
    #[serde(default)]
    listen: bool,
}

/// The fixtures of a realm.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum RealmFixtures {
    /// A text in YAML or JSON.
    #[schemars(title = "FixturesText")]
    Text(String),
    /// An object.
    #[schemars(title = "FixturesObject", with = "Fixtures")]
    Object(Value),
}

/// The realms of the server.
#[derive(Serialize, JsonSchema)]
struct RealmList {
    /// The name of the realm that received the request.
    current: String,
    /// The realms; the default realm is first.
    realms: Vec<RealmView>,
}

/// A realm and the URLs at which the client that sent the request can reach it.
#[derive(Serialize, JsonSchema)]
struct RealmView {
    /// The realm's name.
    name: String,
    /// The base URL of the realm, without a slash at the end.
    url: String,
    /// The URL of the token endpoint.
    token_url: String,
    /// The URL of the authorize endpoint: that of the portal, if the server has one.
    authorize_url: String,
    /// The host names of the realm.
    hosts: Vec<String>,
    /// The URL of the realm's own HTTP port, if it has one.
    http: Option<String>,
    /// The URL of the realm's own HTTPS port, if it has one.
    https: Option<String>,
}

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(GET, "/realms", list)
        .doc("listRealms", "Lists the realms, which are isolated servers within this one")
        .returns::<RealmList>(200, "All realms.");

    routes
        .add(PUT, "/realms/{name}", put)
        .doc("putRealm", "Creates or replaces a realm")
        .may_take::<RealmRequest>()
        .returns::<RealmView>(200, "The realm replaced another.")
        .returns::<RealmView>(201, "The realm was created.");

    routes
        .add(DELETE, "/realms/{name}", remove)
        .doc("deleteRealm", "Deletes a realm and everything in it")
        .returns_nothing("The realm is deleted.");
}

async fn list(context: RequestContext) -> Result<Json<RealmList>, Problem> {
    #[cfg(feature = "redis")]
    context.app.realms.synchronize_all().await?;

    let realms = context.app.realms.all();
    Ok(Json(RealmList {
        current: context.realm.name().to_owned(),
        realms: realms.iter().map(|realm| view(&context, realm)).collect(),
    }))
}

async fn put(
    context: RequestContext,
    Path(name): Path<String>,
    Json(request): Json<RealmRequest>,
) -> Result<(StatusCode, Json<RealmView>), Problem> {
    let fixtures = match request.fixtures {
        Some(fixtures) => Some(run_blocking(move || load_fixtures(fixtures)).await??),
        None => None,
    };
    let app = Arc::clone(&context.app);
    let open_port = move |realm: &Weak<Realm>| app.open_port(request.listen, realm);
    let (realm, replaces) = create(&context.app, name, fixtures, request.hosts, open_port).await?;

    let status = if replaces { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(view(&context, &realm))))
}

/// Creates a realm, in the shared store if there is one.
async fn create(
    app: &Arc<App>,
    name: String,
    fixtures: Option<Arc<Fixtures>>,
    hosts: Vec<String>,
    open_port: impl FnOnce(&Weak<Realm>) -> io::Result<Option<OwnPorts>> + Send + 'static,
) -> Result<(Arc<Realm>, bool), Problem> {
    #[cfg(feature = "redis")]
    if app.realms.store().is_some() {
        return Ok(app.realms.create_in_store(&name, fixtures, hosts, open_port).await?);
    }

    let app = Arc::clone(app);
    let create = run_blocking(move || app.realms.create(&name, fixtures, hosts, open_port));
    Ok(create.await??)
}

/// Removes a realm, from the shared store if there is one.
async fn remove_from(app: &App, name: &str) -> Result<bool, Problem> {
    #[cfg(feature = "redis")]
    if app.realms.store().is_some() {
        return Ok(app.realms.remove_from_store(name).await?);
    }

    Ok(app.realms.remove(name)?)
}

async fn remove(context: RequestContext, Path(name): Path<String>) -> Result<StatusCode, Problem> {
    if !remove_from(&context.app, &name).await? {
        return Err(Problem::not_found("There is no realm with this name."));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Loads the member `fixtures` of a body.
fn load_fixtures(fixtures: RealmFixtures) -> Result<Arc<Fixtures>, Problem> {
    let (text, to_problem): (_, fn(FixtureErrors) -> Problem) = match fixtures {
        RealmFixtures::Text(text) => (text, Problem::of_text),
        RealmFixtures::Object(object) => (object.to_string(), Problem::from),
    };

    load_sources(&[Source::new(BODY, text)]).map(Arc::new).map_err(|mut errors| {
        for error in &mut errors.0 {
            error.pointer.insert_str(0, "/fixtures");
        }
        to_problem(errors)
    })
}

#[cfg(feature = "redis")]
impl From<SharedRealmError> for Problem {
    fn from(error: SharedRealmError) -> Self {
        match error {
            SharedRealmError::Realm(error) => error.into(),
            SharedRealmError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<RealmError> for Problem {
    fn from(error: RealmError) -> Self {
        let status = match &error {
            RealmError::Host(_) => return Self::of_member("/hosts", error),
            RealmError::HostTaken(_) => return Self::of_conflict("/hosts", error),
            RealmError::Default | RealmError::TooMany => StatusCode::CONFLICT,
            RealmError::Name => StatusCode::UNPROCESSABLE_ENTITY,
            RealmError::Port(source) => {
                let text = format!("{error}: {source}");
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, text);
            }
        };
        Self::new(status, error.to_string())
    }
}

fn view(context: &RequestContext, realm: &Realm) -> RealmView {
    let url = context.base_url_of(realm);
    RealmView {
        name: realm.name().to_owned(),
        token_url: format!("{url}/oauth2/v3/token"),
        authorize_url: context.consent_url_of(realm) + "/ebc2/oauth/authorize",
        url,
        hosts: realm.hosts.clone(),
        http: realm.own_http().map(|address| context.url_of_port("http", address)),
        https: realm.own_https().map(|address| context.url_of_port("https", address)),
    }
}
