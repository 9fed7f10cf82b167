//! The fuzz targets: properties that hold for any input. A target panics if its property is violated.
//!
//! `fuzz/run` runs them with libFuzzer, and `cargo test --test fuzzing` runs them on the committed
//! corpora.
#![allow(dead_code, reason = "each fuzz target uses its own function")]

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;
use axum::http::{Request, Response, header};
use smartpay_oauth_mock::fixture::{Source, load_sources};
use smartpay_oauth_mock::{MockAuthServer, SigningKey, inspect, internal};
use tokio::runtime::{Builder, Runtime};

/// Checks its property for one input.
pub type Target = fn(&[u8]);

/// The targets by name. The corpus of each has the same name.
pub const ALL: [(&str, Target); 5] = [
    ("form", form),
    ("fixtures", fixtures),
    ("scenario", scenario),
    ("token", token),
    ("authorize", authorize),
];

/// A form is parsed as `serde_urlencoded` parses it, or refused if `serde_urlencoded` would have to
/// guess.
pub fn form(data: &[u8]) {
    let lenient: Vec<(String, String)> = serde_urlencoded::from_bytes(data).unwrap_or_default();
    let has_bad_escape = data.iter().enumerate().any(|(at, byte)| {
        let escape = data.get(at + 1..at + 3).unwrap_or_default();
        *byte == b'%' && (escape.len() < 2 || !escape.iter().all(u8::is_ascii_hexdigit))
    });

    match internal::parse_form(data) {
        Some(pairs) => {
            assert!(!has_bad_escape, "a malformed escape is accepted");
            assert_eq!(pairs, lenient);

            let written = serde_urlencoded::to_string(&pairs).expect("pairs can be written");
            assert_eq!(internal::parse_form(written.as_bytes()), Some(pairs));
        }
        None => {
            // The lenient parser replaces bytes that are not UTF-8.
            let has_replacement = lenient
                .iter()
                .any(|(name, value)| name.contains('\u{fffd}') || value.contains('\u{fffd}'));
            assert!(has_bad_escape || has_replacement, "a well-formed form is refused");
        }
    }
}

/// Valid fixtures are the same after they are written and read again. Each error in invalid ones has
/// a message and a location inside the file.
pub fn fixtures(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };

    match load_sources(&[Source { name: "f.yaml".to_owned(), text: text.to_owned() }]) {
        Ok(fixtures) => {
            let written = serde_json::to_string(&fixtures).expect("fixtures can be written");
            let reread = load_sources(&[Source { name: "f.json".to_owned(), text: written }])
                .unwrap_or_else(|errors| panic!("{errors}"));
            assert_eq!(reread, fixtures);
        }
        Err(errors) => {
            let lines = text.split(['\n', '\r']).count() as u32;
            assert!(!errors.0.is_empty());

            for error in &errors.0 {
                assert!(!error.message.is_empty());
                assert_eq!(error.file, "f.yaml", "{error}");
                assert!(error.line <= lines + 1, "{error}: {lines} lines");
            }
        }
    }
}

/// A valid scenario is the same after it is written and read again.
pub fn scenario(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };

    if let Some(written) = internal::rewrite_scenario(text) {
        assert_eq!(internal::rewrite_scenario(&written).as_deref(), Some(&*written));
    }
}

/// A token is accepted only if it is exactly what the key would sign.
pub fn token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };

    if internal::verify_token(text) {
        let (unsigned, _) = text.rsplit_once('.').expect("a JWT has dots");
        assert_eq!(internal::sign_token(unsigned), text);
    }

    let inspection = inspect(text, &SigningKey::development(), 0);
    assert!(!inspection.valid || internal::verify_token(text.trim()), "{inspection:?}");
}

/// Parameters of the authorize endpoint never cause a server error, a redirect to an unregistered
/// URL, or a script in a page.
pub fn authorize(data: &[u8]) {
    static SERVER: LazyLock<(Runtime, MockAuthServer)> = LazyLock::new(|| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let server = runtime.block_on(MockAuthServer::start());
        (runtime, server)
    });
    static INPUTS: AtomicUsize = AtomicUsize::new(0);

    let Ok(text) = std::str::from_utf8(data) else { return };
    let (runtime, server) = &*SERVER;

    for path in ["/ebc2/oauth/authorize", "/oauth2/v3/authorize"] {
        let get = Request::get(format!("{path}?{text}")).body(String::new());
        let post = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(text.to_owned());

        // Some inputs cannot be part of a URL, so there is no GET request with them.
        for request in [get, post].into_iter().flatten() {
            assert_safe(&runtime.block_on(server.handle(request)));
        }
    }

    // Codes that nobody redeems accumulate; they are not what this target is about.
    if INPUTS.fetch_add(1, Ordering::Relaxed) % 1_000 == 999 {
        runtime.block_on(server.reset());
    }
}

fn assert_safe(response: &Response<Bytes>) {
    let status = response.status();
    assert!(!status.is_server_error(), "{status}");

    if let Some(location) = response.headers().get(header::LOCATION) {
        assert!(status.is_redirection());
        let url = location.to_str().expect("a URL");
        let rest = url.strip_prefix("https://www.example.com");
        assert!(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '/'])));
    }

    let page = String::from_utf8_lossy(response.body()).to_ascii_lowercase();
    // The consent page has one script of its own, at its end.
    let own = "</main>\n<script>const merchant = document.getelementbyid(\"merchant\");";
    assert!(!page.replacen(own, "", 1).contains("<script"), "{page}");
}
