//! The OpenAPI document against the server that it describes: every operation in it is requested, and
//! every response is checked against its schema.

use std::collections::{BTreeSet, HashSet};

use crate::support::{CLIENT, HttpResponse, MERCHANT};
use serde_json::{Value, json};
use smartpay_oauth_mock::{MockAuthServer, PathPattern};

async fn call(base: &str, method: &str, path: &str, body: Option<Value>) -> HttpResponse {
    crate::support::call(&method.to_uppercase(), format!("{base}{path}"), body).await
}

/// Checks a body against a schema of the document.
fn fits(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("\n")) }
}

#[tokio::test]
async fn every_operation_responds_as_the_document_says() {
    let server = MockAuthServer::builder().tls().start().await.unwrap();
    let base = server.http_url().unwrap() + "/_mock";
    let document = call(&base, "get", "/openapi.json", None).await.ok().json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], base.as_str());
    let tokens = server.issue_tokens(CLIENT.0, MERCHANT).await.unwrap();
    let grant = server.grants().await.last().unwrap().id.clone();
    crate::support::post(&(server.http_url().unwrap() + "/oauth2/v3/token"), "code=x").await;
    let scenario = json!({
        "when": { "grant_type": "refresh_token" },
        "respond": [{ "error": "server_error", "delay": "1ms" }, "pass"], "times": 2,
    });
    let set = call(&base, "get", "/fixtures", None).await.ok().json();
    let grant = format!("/grants/{grant}");
    let merchant = format!("/merchants/{MERCHANT}");
    // Method, path, body, status.
    let calls = [
        ("get", "/health", None, 200),
        ("get", "/fixtures", None, 200),
        ("get", "/clients", None, 200),
        ("get", "/clients/8l57hYffFb", None, 200),
        ("put", "/clients/new", Some(json!({ "id": "new", "secret": "s" })), 201),
        ("put", "/clients/new", Some(json!({ "id": "new", "secret": "t" })), 200),
        ("patch", "/clients/new", Some(json!({ "status": "inactive" })), 200),
        ("delete", "/clients/new", None, 204),
        ("get", "/merchants", None, 200),
        ("get", &merchant, None, 200),
        ("put", "/merchants/new", Some(json!({ "id": "new" })), 201),
        ("put", "/merchants/new", Some(json!({ "id": "new" })), 200),
        ("patch", "/merchants/new", Some(json!({ "can_grant": false })), 200),
        ("delete", "/merchants/new", None, 204),
        ("post", "/codes", Some(json!({ "client_id": CLIENT.0, "merchant_id": MERCHANT })), 201),
        (
            "post",
            "/tokens",
            Some(json!({ "client_id": CLIENT.0, "merchant_id": MERCHANT, "scopes": ["users"] })),
            201,
        ),
        ("get", "/grants", None, 200),
        ("get", "/report", None, 200),
        ("delete", &grant, None, 204),
        ("post", "/inspect", Some(json!({ "token": tokens.access_token })), 200),
        ("post", "/inspect", Some(json!({ "token": "none" })), 200),
        ("get", "/clock", None, 200),
        ("put", "/clock", Some(json!({ "frozen": true })), 200),
        ("post", "/clock/advance", Some(json!({ "by": "16m" })), 200),
        ("delete", "/clock", None, 200),
        ("post", "/scenarios", Some(scenario.clone()), 201),
        ("put", "/scenarios/x", Some(scenario.clone()), 201),
        ("put", "/scenarios/x", Some(scenario), 200),
        ("get", "/scenarios", None, 200),
        ("get", "/scenarios/x", None, 200),
        ("patch", "/scenarios/x", Some(json!({ "enabled": false })), 200),
        ("post", "/scenarios/x/release", None, 200),
        ("delete", "/scenarios/x", None, 204),
        ("delete", "/scenarios", None, 204),
        ("get", "/requests?limit=5", None, 200),
        ("get", "/requests?header.Host=*&param.code=x", None, 200),
        (
            "post",
            "/requests/verify",
            Some(
                json!({ "order": [{ "header.host": "*", "method": "POST" }, { "param.code": "x" }] }),
            ),
            200,
        ),
        (
            "post",
            "/requests/verify?wait=1ms",
            Some(
                json!({ "match": { "client_id": "x", "endpoint": "token" }, "count": { "exactly": 1 } }),
            ),
            200,
        ),
        ("delete", "/requests", None, 204),
        ("get", "/rows", None, 200),
        ("get", "/realms", None, 200),
        ("put", "/realms/blue", Some(json!({ "listen": true })), 201),
        ("put", "/realms/blue", Some(json!({ "hosts": ["a.test"] })), 200),
        ("delete", "/realms/blue", None, 204),
        ("put", "/fixtures", Some(set), 200),
        ("post", "/reset", None, 204),
        ("get", "/openapi.json", None, 200),
        ("get", "/ca.pem", None, 200),
        ("get", "/tls", None, 200),
        (
            "put",
            "/tls",
            Some(json!({ "fault": "wrong_host", "hosts": { "a.test": "unknown_ca" } })),
            200,
        ),
        ("delete", "/tls", None, 200),
    ];
    let mut requested = BTreeSet::new();
    for (method, target, body, status) in calls {
        let path = described_path(&document, target);
        let operation = &document["paths"][path][method];
        assert!(operation.is_object(), "{method} {path} is not described");
        if let Some(body) = &body {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            fits(&document, schema, body).unwrap_or_else(|e| panic!("{method} {path} takes: {e}"));
        } else {
            assert!(operation.get("requestBody").is_none(), "{method} {path} takes a body");
        }
        let response = call(&base, method, target, body).await;
        assert_eq!(response.status, status, "{method} {target}: {}", response.text);
        let described = &operation["responses"][status.to_string()];
        assert!(described.is_object(), "{method} {path} has no {status}");
        match described.get("content") {
            None => assert!(response.text.is_empty()),
            Some(content) if content.get("application/json").is_none() => {
                assert!(content.get(response.header("content-type")).is_some(), "{content}");
            }
            Some(content) => {
                assert_eq!(response.header("content-type"), "application/json");
                let schema = &content["application/json"]["schema"];
                fits(&document, schema, &response.json())
                    .unwrap_or_else(|e| panic!("{method} {path} responds: {e}\n{}", response.text));
            }
        }
        // A body of another type leads to a problem, as described.
        if operation.get("requestBody").is_some() {
            let wrong = call(&base, method, target, Some(json!({ "nonsense": 1 }))).await;
            assert!(wrong.status >= 400, "{method} {path}");
            let problem = &document["components"]["responses"]["Problem"];
            let schema = &problem["content"]["application/problem+json"]["schema"];
            fits(&document, schema, &wrong.json()).unwrap();
        }
        requested.insert((path.to_owned(), method.to_owned()));
    }
    // The stream never ends; the tests of the journal read it.
    requested.insert(("/events".to_owned(), "get".to_owned()));
    let described: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(|method| (path.clone(), method.clone()))
        })
        .collect();
    assert_eq!(
        described, requested,
        "every operation of the document is requested here, and no other exists"
    );
}

/// Returns the path of the document that describes the path of a request.
fn described_path<'d>(document: &'d Value, target: &str) -> &'d str {
    let target = target.split('?').next().unwrap();
    let mut paths = document["paths"].as_object().unwrap().keys();
    paths
        .find(|path| path.parse::<PathPattern>().unwrap().matches(target))
        .unwrap_or_else(|| panic!("{target} is not described"))
}

#[tokio::test]
async fn a_realm_describes_itself_by_its_own_url() {
    let server = MockAuthServer::start().await;
    let blue = server.new_realm("blue").create().unwrap();
    let base = blue.base_url() + "/_mock";
    let document = call(&base, "get", "/openapi.json", None).await.ok().json();
    assert_eq!(document["servers"][0]["url"], base.as_str());
}

/// Generators need names for types and alternatives, and forms that they know.
#[tokio::test]
async fn types_and_alternatives_have_names_of_their_own() {
    let server = MockAuthServer::start().await;
    let document = call(&(server.base_url() + "/_mock"), "get", "/openapi.json", None).await;
    let document = document.ok().json();

    let mut titles = HashSet::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert_ne!(name, "Time");
        check_names(name, schema, &mut titles);
    }
    check_names("paths", &document["paths"], &mut titles);

    let ids: Vec<&str> =
        operations(&document).map(|o| o["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "{ids:?}");
}

fn check_names(path: &str, schema: &Value, titles: &mut HashSet<String>) {
    assert!(schema.get("const").is_none(), "{path}: generators know enum, but not const");
    if let Some(title) = schema.get("title").and_then(Value::as_str) {
        assert!(titles.insert(title.to_owned()), "{path}: {title} is another schema's title");
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        for one in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
            let named = one.get("$ref").or(one.get("title")).is_some() || one["type"] == "null";
            assert!(named, "{path}: an alternative has no name: {one}");
        }
    }

    let members: Vec<(String, &Value)> = match schema {
        Value::Object(members) => members.iter().map(|(name, v)| (name.clone(), v)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(n, v)| (n.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    for (name, member) in members {
        check_names(&format!("{path}/{name}"), member, titles);
    }
}

#[tokio::test]
async fn parameters_and_bodies_are_as_the_server_reads_them() {
    let server = MockAuthServer::start().await;
    let document = call(&(server.base_url() + "/_mock"), "get", "/openapi.json", None).await;
    let document = document.ok().json();

    let parameters = document["paths"]["/requests"]["get"]["parameters"].as_array().unwrap();
    for name in ["limit", "after", "status"] {
        let parameter = parameters.iter().find(|parameter| parameter["name"] == name).unwrap();
        assert_eq!(parameter["schema"]["type"], "integer", "{name}");
    }

    for (path, method) in [("/codes", "post"), ("/clients/{id}", "put"), ("/clock", "put")] {
        assert_eq!(document["paths"][path][method]["requestBody"]["required"], true, "{path}");
    }
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["ClientRequest"]["required"], json!(["secret"]));
    assert_eq!(schemas["Client"]["required"], json!(["id", "secret"]));
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let paths = document["paths"].as_object().unwrap().values();
    paths.flat_map(|path| path.as_object().unwrap().values())
}
