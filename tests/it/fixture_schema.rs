//! The published JSON Schema rejects in an editor what `check` rejects, and nothing else, as far as
//! one file can tell.

use serde_json::Value;
use smartpay_oauth_mock::fixture;

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&fixture::schema()).unwrap()
}

/// Returns whether the server and the schema accept a file.
fn accepted_by_both(validator: &jsonschema::Validator, text: &str) -> (bool, bool) {
    let source = fixture::Source::new("f.yaml", text);
    let value: Value = serde_saphyr::from_str(text).unwrap();
    (fixture::load_sources(&[source]).is_ok(), validator.is_valid(&value))
}

#[track_caller]
fn check_all(texts: &[&str], expected: bool) {
    let validator = validator();
    for text in texts {
        assert_eq!(accepted_by_both(&validator, text), (expected, expected), "{text}");
    }
}

#[test]
fn entries_require_what_the_server_requires() {
    check_all(
        &[
            "clients: [{ id: a }]",
            "clients: [{ secret: s }]",
            "merchants: [{ name: m }]",
            "codes: [{ code: c }]",
            "codes: [{ client: 8l57hYffFb, merchant: rahulrama }]",
            "refresh_tokens: [{ token: t }]",
            "resources: [{ methods: [GET] }]",
            "scenarios: [{ name: x }]",
            "scenarios: [{ when: { endpoint: any } }]",
            "scenarios: [{ respond: { hold: {} } }]",
            "scenarios: [{ respond: { rate_limit: { requests: 1 } } }]",
            "scenarios: [{ respond: { delay: { min: 1s } } }]",
        ],
        false,
    );
    check_all(
        &[
            "clients: [{ id: a, secret: s }]",
            "merchants: [{ id: m }]",
            "clients: [{ id: a, secret: s }]\nmerchants: [{ id: m }]\n\
             codes: [{ code: c, client: a, merchant: m }]\n\
             refresh_tokens: [{ token: t, client: a, merchant: m }]",
            "resources: [{ path: /a }]",
            "scenarios: [{ respond: pass }]",
        ],
        true,
    );
}

#[test]
fn an_entry_that_changes_a_built_in_one_requires_only_its_identity() {
    let parts = [
        "clients: [{ id: 8l57hYffFb, status: inactive }]",
        "codes: [{ code: eyJraK, reusable: false }]",
        "refresh_tokens: [{ token: eyJraK, revoked: true }]",
        "scenarios: [{ name: error-access_denied, enabled: false }]",
    ];
    let extending = parts.map(|part| format!("extends: default\n{part}"));
    check_all(&extending.each_ref().map(String::as_str), true);

    // Without `extends`, there is nothing to change.
    check_all(&parts, false);
    check_all(&extending.each_ref().map(|text| &text["extends: default\n".len()..]), false);
    let null = parts.map(|part| format!("extends: null\n{part}"));
    check_all(&null.each_ref().map(String::as_str), false);
}

#[test]
fn an_entry_that_is_not_built_in_is_whole_also_with_extends() {
    check_all(
        &[
            "extends: default\nclients: [{ id: mine }]",
            "extends: default\ncodes: [{ code: mine, client: 8l57hYffFb }]",
            "extends: default\nrefresh_tokens: [{ token: mine, merchant: rahulrama }]",
            "extends: default\nscenarios: [{ name: mine }]",
            "extends: default\nscenarios: [{ enabled: false }]",
            "extends: default\nclients: [{ status: inactive }]",
        ],
        false,
    );
}

#[test]
fn sections_may_be_null() {
    check_all(
        &[
            "clients: null\nsettings: null\nerrors: null",
            "merchants: null\ncodes: null\nrefresh_tokens: null\nresources: null\nscenarios: null",
            "extends: null",
            "extends: default\nclients: null",
            "{}",
        ],
        true,
    );
}

#[test]
fn values_have_the_same_rules() {
    check_all(
        &[
            "clients: [{ id: a b, secret: s }]",
            "clients: [{ id: a, secret: '' }]",
            "clients: [{ id: a, secret: s, redirect_urls: [/callback] }]",
            "clients: [{ id: a, secret: s, redirect_urls: ['ftp://a.example'] }]",
            "clients: [{ id: a, secret: s, redirect_urls: ['https://'] }]",
            "clients: [{ id: a, secret: s, scopes: ['a b'] }]",
            "clients: [{ id: a, secret: s, scopes: [''] }]",
            "clients: [{ id: a, secret: s, grant_types: [password] }]",
            "merchants: [{ id: '' }]",
            "errors: { server_error: { status: 99 } }",
            "resources: [{ path: a }]",
            "resources: [{ path: /a, methods: [get] }]",
            "resources: [{ path: /a, methods: [] }]",
            "scenarios: [{ name: a/b, respond: pass }]",
            "scenarios: [{ respond: [] }]",
            "scenarios: [{ respond: fail }]",
            "scenarios: [{ when: [], respond: pass }]",
            "scenarios: [{ respond: pass, times: 0 }]",
            "scenarios: [{ respond: pass, probability: 2 }]",
            "settings: { access_token_lifetime: soon }",
            "extends: defaults",
        ],
        false,
    );
    check_all(
        &[
            "clients: [{ id: a, secret: s, redirect_urls: ['HTTPS://[::1]:80/x?y=%20'] }]",
            "clients: [{ id: a, secret: s, redirect_urls: ['http://localhost?a'] }]",
            "clients: [{ id: a, secret: s, scopes: ['!#[]~', 'https://a.example/b'] }]",
            "clients: [{ id: a, secret: s, name: null, certificate_cn: null }]",
            "resources: [{ path: /a, methods: [GET, PROPFIND] }]",
            "resources: [{ path: /a, scope: null, respond: { status: 599, json: null } }]",
            "scenarios: [{ name: null, respond: pass, times: null, for: null }]",
            "scenarios: [{ when: [{ code: a }, { code: b }], respond: [pass, { delay: 1s }] }]",
        ],
        true,
    );
}
