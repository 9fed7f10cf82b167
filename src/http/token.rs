//! POST `/oauth2/v3/token` and `/oauth/v3/token`.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::{App, Connection, answer, form_request};
use crate::authority::{TokenRequest, merchant_of, token::decide};
use crate::oauth::{Dialect, Form, Refusal, Row, TokenResponse};
use crate::realm::Registry;
use crate::scenario::{Endpoint, InjectedError, Outcome, Sighting, Turn};

/// How a request was decided, unless it was refused.
enum Verdict {
    Granted(TokenResponse),
    /// A scenario answers.
    Injected(Turn),
}

pub(super) async fn token(
    State(app): State<Arc<App>>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Response {
    let registry = app.realm.registry();
    let (parts, body) = request.into_parts();
    match judge(&app, &registry, &connection, &parts, body).await {
        Ok(Verdict::Granted(response)) => {
            tracing::debug!(status = 200, "token");
            answer::json(200, &response)
        }
        Ok(Verdict::Injected(turn)) => inject(&registry, &turn),
        Err(refusal) => refused(&registry, &refusal),
    }
}

/// The table's rows 1 to 6, then the scenarios, then the rest of the table.
async fn judge(
    app: &App,
    registry: &Registry,
    connection: &Connection,
    parts: &Parts,
    body: Body,
) -> Result<Verdict, Refusal> {
    let body = form_request::read(parts, body).await?;
    let form = form_request::parse(&body)?;
    if let Some(turn) = take_turn(app, &parts.headers, &form).await {
        if let Some(delay) = turn.outcome().and_then(|outcome| outcome.delay) {
            delay.wait().await;
        }
        if turn.outcome().is_some_and(|outcome| outcome.error.is_some()) {
            return Ok(Verdict::Injected(turn));
        }
    }
    let request = TokenRequest {
        realm: &app.realm,
        registry,
        key: &app.key,
        form: &form,
        authorization: parts.headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes),
        certificate: connection.certificate.as_deref(),
    };
    decide(&request).await.map(Verdict::Granted)
}

/// The step of the scenario that this request matches, if any.
async fn take_turn(app: &App, headers: &HeaderMap, form: &Form<'_>) -> Option<Turn> {
    let script = app.realm.script();
    let merchant_id = match script.asks_for_merchant() {
        true => merchant_of(&app.realm, &app.key, form).await,
        false => None,
    };
    script.take(&Sighting {
        endpoint: Endpoint::Token,
        client_id: form.get("client_id"),
        headers,
        param: &|name| form.raw(name),
        merchant_id: merchant_id.as_deref(),
    })
}

/// The error that a scenario asks for.
fn inject(registry: &Registry, turn: &Turn) -> Response {
    let Some(InjectedError { code, status, description, headers }) =
        turn.outcome().and_then(Outcome::injected_error)
    else {
        return refused(registry, &Refusal::new(Row::Server, "The scenario has no answer."));
    };
    let status = status.unwrap_or_else(|| registry.status(code, None));
    let description = registry.description(code, description, code.meaning());
    tracing::info!(status, error = %code, scenario = turn.scenario(), "token: {description}");
    let mut response = answer::error(code, status, &description);
    answer::put_headers(response.headers_mut(), headers);
    response
}

/// The error of the row that failed.
fn refused(registry: &Registry, refusal: &Refusal) -> Response {
    let (code, status, description) = registry.dress(refusal);
    let row = refusal.row.number();
    tracing::info!(status, error = %code, row, "token: {description}");
    let mut response = answer::error(&code, status, &description);
    let headers = response.headers_mut();
    if refusal.row == Row::Method {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    let basic = registry.settings.dialect == Dialect::Rfc6749;
    if basic && response.status() == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"smartpay-oauth-mock\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
