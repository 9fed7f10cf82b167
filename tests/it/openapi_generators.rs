//! Client generators accept the OpenAPI document, and what they generate works. `.ci/run` installs
//! them under `target`; where one is missing, its test is skipped.

use std::path::Path;

use crate::support::folder::Folder;
use crate::support::tls::run;
use crate::support::tools::{lacks_tools, skip};
use serde_json::Value;
use smartpay_oauth_mock::MockAuthServer;

const PYTHON: &str = "target/ci-venv/bin/python3";
const PYTHON_GENERATOR: &str = "target/ci-venv/bin/openapi-python-client";
const NODE_MODULES: &str = "target/ci-node/node_modules";

/// Starts a server and writes its document to a folder. Returns both, and the control API's URL.
async fn server_with_document(name: &str) -> (MockAuthServer, Folder, String) {
    let server = MockAuthServer::start().await;
    let url = server.base_url() + "/_mock";
    let folder = Folder::new(name);
    let document = reqwest::get(format!("{url}/openapi.json")).await.unwrap();
    folder.write("openapi.json", &document.text().await.unwrap());
    (server, folder, url)
}

/// Runs a command, which must succeed.
async fn succeed(program: &str, arguments: &[&str]) -> String {
    let output = run(program, arguments).await;
    assert_eq!(output.exit, 0, "{program} {arguments:?}: {}", output.text);
    output.text
}

#[tokio::test]
async fn openapi_python_client_generates_every_operation() {
    if !Path::new(PYTHON_GENERATOR).exists() {
        skip(&format!("{PYTHON_GENERATOR} is not there; .ci/run installs it"));
        return;
    }
    let (_server, folder, url) = server_with_document("openapi-python").await;
    let document = std::fs::read_to_string(folder.path("openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();

    // The generator's own formatter of the code it writes is of no interest here.
    let config = folder.write("config.yml", "post_hooks: []\n");
    let package = folder.path("mock_client");
    let path = folder.path("openapi.json");
    let options = ["--meta", "none", "--fail-on-warning", "--config", &config];
    let mut arguments = vec!["generate", "--path", &path, "--output-path", &package];
    arguments.extend(options);
    succeed(PYTHON_GENERATOR, &arguments).await;

    let paths = document["paths"].as_object().unwrap().values();
    for operation in paths.flat_map(|path| path.as_object().unwrap().values()) {
        let name = snake_case(operation["operationId"].as_str().unwrap());
        let module = format!("{package}/api/default/{name}.py");
        assert!(Path::new(&module).exists(), "{name}");
    }

    let script = "tests/it/clients/generated_client.py";
    let root = folder.0.display().to_string();
    let text = succeed(PYTHON, &[script, &root, &url]).await;
    assert_eq!(text.trim(), "completed");
}

#[tokio::test]
async fn openapi_typescript_generates_types_for_strict_code() {
    let generator = format!("{NODE_MODULES}/openapi-typescript/bin/cli.js");
    if !Path::new(&generator).exists() {
        skip(&format!("{generator} is not there; .ci/run installs it"));
        return;
    }
    if lacks_tools(&["node"]) {
        return;
    }
    let (_server, folder, _) = server_with_document("openapi-typescript").await;

    let (document, types) = (folder.path("openapi.json"), folder.path("api.d.ts"));
    succeed("node", &[&generator, &document, "--output", &types]).await;

    let script = std::fs::read_to_string("tests/it/clients/generated_types.ts").unwrap();
    let script = folder.write("generated_types.ts", &script);
    let compiler = format!("{NODE_MODULES}/typescript/bin/tsc");
    succeed("node", &[&compiler, "--strict", "--noEmit", &script, &types]).await;
}

fn snake_case(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            words.push('_');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}
