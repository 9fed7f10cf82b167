//! The OpenAPI document against the server that it describes: every operation in it is requested, and
//! every response is checked against its schema.

use std::collections::{BTreeSet, HashSet};

use crate::support::{CLIENT, HttpResponse, MERCHANT};
use serde_json::{Value, json};
use smartpay_oauth_mock::MockAuthServer;

async fn call(base: &str, method: &str, path: &str, body: Option<Value>) -> HttpResponse {
    let mut request = reqwest::Client::new()
        .request(method.to_uppercase().parse().unwrap(), format!("{base}{path}"));
    if let Some(body) = body {
        request = request.json(&body);
    }
    HttpResponse::read(request.send().await.unwrap()).await
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
    // Method, path in the document, path of the request, body, status.
    let calls: Vec<(&str, &str, String, Option<Value>, u16)> = vec![
        ("get", "/health", "/health".into(), None, 200),
        ("get", "/fixtures", "/fixtures".into(), None, 200),
        ("get", "/clients", "/clients".into(), None, 200),
        ("get", "/clients/{id}", "/clients/8l57hYffFb".into(), None, 200),
        (
            "put",
            "/clients/{id}",
            "/clients/new".into(),
            Some(json!({ "id": "new", "secret": "s" })),
            201,
        ),
        (
            "put",
            "/clients/{id}",
            "/clients/new".into(),
            Some(json!({ "id": "new", "secret": "t" })),
            200,
        ),
        (
            "patch",
            "/clients/{id}",
            "/clients/new".into(),
            Some(json!({ "status": "inactive" })),
            200,
        ),
        ("delete", "/clients/{id}", "/clients/new".into(), None, 204),
        ("get", "/merchants", "/merchants".into(), None, 200),
        ("get", "/merchants/{id}", format!("/merchants/{MERCHANT}"), None, 200),
        ("put", "/merchants/{id}", "/merchants/new".into(), Some(json!({ "id": "new" })), 201),
        ("put", "/merchants/{id}", "/merchants/new".into(), Some(json!({ "id": "new" })), 200),
        (
            "patch",
            "/merchants/{id}",
            "/merchants/new".into(),
            Some(json!({ "can_grant": false })),
            200,
        ),
        ("delete", "/merchants/{id}", "/merchants/new".into(), None, 204),
        (
            "post",
            "/codes",
            "/codes".into(),
            Some(json!({ "client_id": CLIENT.0, "merchant_id": MERCHANT })),
            201,
        ),
        (
            "post",
            "/tokens",
            "/tokens".into(),
            Some(json!({ "client_id": CLIENT.0, "merchant_id": MERCHANT, "scopes": ["users"] })),
            201,
        ),
        ("get", "/grants", "/grants".into(), None, 200),
        ("delete", "/grants/{id}", format!("/grants/{grant}"), None, 204),
        ("post", "/inspect", "/inspect".into(), Some(json!({ "token": tokens.access_token })), 200),
        ("post", "/inspect", "/inspect".into(), Some(json!({ "token": "none" })), 200),
        ("get", "/clock", "/clock".into(), None, 200),
        ("put", "/clock", "/clock".into(), Some(json!({ "frozen": true })), 200),
        ("post", "/clock/advance", "/clock/advance".into(), Some(json!({ "by": "16m" })), 200),
        ("delete", "/clock", "/clock".into(), None, 200),
        ("post", "/scenarios", "/scenarios".into(), Some(scenario.clone()), 201),
        ("put", "/scenarios/{name}", "/scenarios/x".into(), Some(scenario.clone()), 201),
        ("put", "/scenarios/{name}", "/scenarios/x".into(), Some(scenario), 200),
        ("get", "/scenarios", "/scenarios".into(), None, 200),
        ("get", "/scenarios/{name}", "/scenarios/x".into(), None, 200),
        ("post", "/scenarios/{name}/release", "/scenarios/x/release".into(), None, 200),
        ("delete", "/scenarios/{name}", "/scenarios/x".into(), None, 204),
        ("delete", "/scenarios", "/scenarios".into(), None, 204),
        ("get", "/requests", "/requests?limit=5".into(), None, 200),
        ("get", "/requests", "/requests?header.Host=*&param.code=x".into(), None, 200),
        (
            "post",
            "/requests/verify",
            "/requests/verify".into(),
            Some(
                json!({ "order": [{ "header.host": "*", "method": "POST" }, { "param.code": "x" }] }),
            ),
            200,
        ),
        (
            "post",
            "/requests/verify",
            "/requests/verify?wait=1ms".into(),
            Some(
                json!({ "match": { "client_id": "x", "endpoint": "token" }, "count": { "exactly": 1 } }),
            ),
            200,
        ),
        ("delete", "/requests", "/requests".into(), None, 204),
        ("get", "/realms", "/realms".into(), None, 200),
        ("put", "/realms/{name}", "/realms/blue".into(), Some(json!({ "listen": true })), 201),
        ("put", "/realms/{name}", "/realms/blue".into(), Some(json!({ "hosts": ["a.test"] })), 200),
        ("delete", "/realms/{name}", "/realms/blue".into(), None, 204),
        ("put", "/fixtures", "/fixtures".into(), Some(set), 200),
        ("post", "/reset", "/reset".into(), None, 204),
        ("get", "/openapi.json", "/openapi.json".into(), None, 200),
        ("get", "/ca.pem", "/ca.pem".into(), None, 200),
        ("get", "/tls", "/tls".into(), None, 200),
        (
            "put",
            "/tls",
            "/tls".into(),
            Some(json!({ "fault": "wrong_host", "hosts": { "a.test": "unknown_ca" } })),
            200,
        ),
        ("delete", "/tls", "/tls".into(), None, 200),
    ];
    let mut made = BTreeSet::new();
    for (method, path, target, body, status) in calls {
        let operation = &document["paths"][path][method];
        assert!(operation.is_object(), "{method} {path} is not described");
        if let Some(body) = &body {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            fits(&document, schema, body).unwrap_or_else(|e| panic!("{method} {path} takes: {e}"));
        } else {
            assert!(operation.get("requestBody").is_none(), "{method} {path} takes a body");
        }
        let answer = call(&base, method, &target, body).await;
        assert_eq!(answer.status, status, "{method} {target}: {}", answer.text);
        let described = &operation["responses"][status.to_string()];
        assert!(described.is_object(), "{method} {path} has no {status}");
        match described.get("content") {
            None => assert!(answer.text.is_empty()),
            Some(content) if content.get("application/json").is_none() => {
                assert!(content.get(answer.header("content-type")).is_some(), "{content}");
            }
            Some(content) => {
                assert_eq!(answer.header("content-type"), "application/json");
                let schema = &content["application/json"]["schema"];
                fits(&document, schema, &answer.json())
                    .unwrap_or_else(|e| panic!("{method} {path} responds: {e}\n{}", answer.text));
            }
        }
        // A body of another type leads to a problem, as described.
        if operation.get("requestBody").is_some() {
            let wrong = call(&base, method, &target, Some(json!({ "nonsense": 1 }))).await;
            assert!(wrong.status >= 400, "{method} {path}");
            let problem = &document["components"]["responses"]["Problem"];
            let schema = &problem["content"]["application/problem+json"]["schema"];
            fits(&document, schema, &wrong.json()).unwrap();
        }
        made.insert((path.to_owned(), method.to_owned()));
    }
    // The stream never ends; the tests of the journal read it.
    made.insert(("/events".to_owned(), "get".to_owned()));
    let described: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(|method| (path.clone(), method.clone()))
        })
        .collect();
    assert_eq!(
        described, made,
        "every operation of the document is requested here, and no other exists"
    );
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
