//! GET `/_mock/openapi.json`: the control API, described from the types that serve it.

use std::sync::LazyLock;

use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::problem::Problem;
use super::routes::{Body, Operation};
use super::table;
use crate::http::context::RequestContext;

/// Where the document keeps its schemas.
const SCHEMAS: &str = "#/components/schemas/";

pub(super) async fn show(Extension(context): Extension<RequestContext>) -> Response {
    /// The same for every realm, but for the server's URL.
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
        let mut calls = table::for_anybody().described();
        calls.extend(table::guarded().described());
        document(calls)
    });
    let mut document = DOCUMENT.clone();
    document["servers"] = json!([{ "url": context.base_url() + "/_mock" }]);
    super::json(StatusCode::OK, &document)
}

fn document(calls: Vec<Operation>) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = SCHEMAS.trim_start_matches('#').trim_end_matches('/').into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<Problem>();
    let mut paths = Map::new();
    for call in calls {
        let path = paths.entry(call.path).or_insert_with(|| json!({}));
        path[call.method.as_str().to_ascii_lowercase()] = operation(&call, &mut generator);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "The control API of smartpay-oauth-mock",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Scripts a realm of the mock server and tells what it saw. Under \
                /realms/{realm}/_mock the same calls act on that realm.",
        },
        "servers": [],
        "security": [{}, { "control_token": [] }],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "responses": {
                "Problem": {
                    "description": "What was wrong with the call, and where (RFC 9457).",
                    "content": { "application/problem+json": { "schema": problem } },
                },
            },
            "securitySchemes": {
                "control_token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Where the server was started with --control-token.",
                },
            },
        },
    })
}

fn operation(call: &Operation, generator: &mut SchemaGenerator) -> Value {
    let about = &call.about;
    let text = json!({ "type": "string" });
    let in_path = call.path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some(json!({ "name": name, "in": "path", "required": true, "schema": text }))
    });
    let in_query = about.query.iter().map(|(name, default_description)| {
        json!({ "name": name, "in": "query", "description": default_description, "schema": text })
    });
    let parameters: Vec<Value> = in_path.chain(in_query).collect();
    let mut answers = Map::new();
    for (status, what, body) in &about.answers {
        let content = match body {
            Body::None => None,
            Body::Json(shape) => {
                Some(json!({ "application/json": { "schema": shape(generator) } }))
            }
            Body::Other(media_type) => {
                let mut content = Map::new();
                content.insert((*media_type).to_owned(), json!({ "schema": text }));
                Some(content.into())
            }
        };
        let mut answer = json!({ "description": what });
        if let Some(content) = content {
            answer["content"] = content;
        }
        answers.insert(status.to_string(), answer);
    }
    answers.insert("default".into(), json!({ "$ref": "#/components/responses/Problem" }));
    let mut operation = json!({
        "summary": about.summary,
        "operationId": operation_id(call),
        "responses": answers,
    });
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(shape) = about.takes {
        operation["requestBody"] = json!({
            "content": { "application/json": { "schema": shape(generator) } },
        });
    }
    operation
}

/// A name that generated clients can use: `getScenariosName`.
fn operation_id(call: &Operation) -> String {
    let words = call.path.split(['/', '.', '{', '}']).filter(|word| !word.is_empty());
    words.fold(call.method.as_str().to_ascii_lowercase(), |mut id, word| {
        let (first, rest) = word.split_at(1);
        id.push_str(&first.to_ascii_uppercase());
        id.push_str(rest);
        id
    })
}
