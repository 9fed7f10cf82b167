//! `/_mock/openapi.json`: the OpenAPI document, from the routes and the types that they use.

use std::sync::Arc;

use axum::Extension;
use schemars::transform::Transform;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::json::Json;
use super::problem::Problem;
use super::query::Members;
use super::routes::{Content, GET, Operation, Routes};
use super::schemas::{ForGenerators, remove_null, set_names};
use crate::http::context::RequestContext;
use crate::json_schema;

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(GET, "/openapi.json", show)
        .doc("getOpenapi", "Returns this document")
        .returns::<Map<String, Value>>(200, "The OpenAPI 3.1 document.");
}

async fn show(
    Extension(operations): Extension<Arc<[Operation]>>,
    context: RequestContext,
) -> Json<Value> {
    Json(document(&operations, &(context.base_url() + "/_mock")))
}

fn document(operations: &[Operation], url: &str) -> Value {
    let settings = json_schema::settings().with_transform(ForGenerators).with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();

    let problem = generator.subschema_for::<Problem>();
    let mut paths = Map::new();
    for operation in operations {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = describe(operation, &mut generator);
    }

    let mut schemas = generator.take_definitions(true);
    set_names(&mut schemas);

    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "The control API of smartpay-oauth-mock",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Configures a realm of the mock server and returns its recorded requests. \
                The operations under /realms/{realm}/_mock apply to that realm.",
        },
        "servers": [{ "url": url }],
        "security": [{}, { "control_token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {
                "Problem": {
                    "description": "The request failed (RFC 9457).",
                    "content": { "application/problem+json": { "schema": problem } },
                },
            },
            "securitySchemes": {
                "control_token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Required if the server was started with --control-token.",
                },
            },
        },
    })
}

fn describe(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut described = json!({ "summary": operation.summary, "operationId": operation.id });

    let mut parameters: Vec<Value> = path_parameters(operation.path).collect();
    for members in &operation.query {
        let Members { by_name, by_prefix } = members(generator);
        parameters.extend(by_name.into_iter().map(|(name, schema)| query_parameter(&name, schema)));
        let by_prefix = by_prefix.into_iter();
        parameters.extend(by_prefix.map(|(prefix, schema)| prefixed_parameters(&prefix, schema)));
    }
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }

    if let Some(body) = operation.body {
        let schema = (body.schema)(generator);
        described["requestBody"] = json!({
            "required": body.required,
            "content": { "application/json": { "schema": schema } },
        });
        if !body.description.is_empty() {
            described["requestBody"]["description"] = body.description.into();
        }
    }

    for (status, description, content) in &operation.responses {
        let mut response = json!({ "description": description });
        match content {
            Content::None => {}
            Content::Json(schema) => {
                response["content"]["application/json"]["schema"] = schema(generator).into();
            }
            Content::Text(media_types) => {
                for media_type in *media_types {
                    response["content"][*media_type]["schema"]["type"] = "string".into();
                }
            }
        }
        described["responses"][status.to_string()] = response;
    }
    described["responses"]["default"] = json!({ "$ref": "#/components/responses/Problem" });
    described
}

fn path_parameters(path: &str) -> impl Iterator<Item = Value> {
    path.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        let schema = json!({ "type": "string" });
        Some(json!({ "name": name, "in": "path", "required": true, "schema": schema }))
    })
}

/// Describes the parameters `PREFIX.NAME`: an object whose members are parameters of their own.
fn prefixed_parameters(prefix: &str, schema: Value) -> Value {
    let one = query_parameter(prefix, schema);
    let description = one["description"].as_str().unwrap_or_default();

    json!({
        "name": prefix,
        "in": "query",
        "description": format!("`{prefix}.NAME`, any number: {description}"),
        "style": "form",
        "explode": true,
        "schema": {
            "type": "object",
            "propertyNames": { "pattern": format!("^{prefix}\\.") },
            "additionalProperties": one["schema"],
        },
    })
}

fn query_parameter(name: &str, schema: Value) -> Value {
    let mut schema = Schema::try_from(schema).unwrap_or_default();
    ForGenerators.transform(&mut schema);
    let schema = schema.ensure_object();
    remove_null(schema);

    let description = schema.remove("description");
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}
