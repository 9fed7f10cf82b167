//! What must hold whatever bytes come. A target panics where it does not.
//!
//! libFuzzer runs these (`fuzz/run`), and `cargo test --test fuzzing` runs them on the committed
//! corpora.
#![allow(dead_code, reason = "each fuzz target uses its own")]

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::{Request, header};
use smartpay_oauth_mock::fixture::{Source, load_sources};
use smartpay_oauth_mock::{MockAuthServer, SigningKey, inspect, internal};
use tokio::runtime::{Builder, Runtime};

/// Fails where something does not hold.
pub type Target = fn(&[u8]);

/// Every target by its name, which is that of its corpus, too.
pub const ALL: [(&str, Target); 5] = [
    ("form", form),
    ("fixtures", fixtures),
    ("scenario", scenario),
    ("token", token),
    ("authorize", authorize),
];

/// A form is read as the lenient reader of everybody else reads it, or refused where that one has
/// to make something up.
pub fn form(data: &[u8]) {
    let lenient: Vec<(String, String)> = serde_urlencoded::from_bytes(data).unwrap_or_default();
    let broken = data.iter().enumerate().any(|(at, byte)| {
        let escape = data.get(at + 1..at + 3).unwrap_or_default();
        *byte == b'%' && (escape.len() < 2 || !escape.iter().all(u8::is_ascii_hexdigit))
    });
    match internal::form(data) {
        Some(pairs) => {
            assert!(!broken, "an escape that is none");
            assert_eq!(pairs, lenient);
            let written = serde_urlencoded::to_string(&pairs).expect("pairs can be written");
            assert_eq!(internal::form(written.as_bytes()), Some(pairs));
        }
        None => {
            let replaced = lenient
                .iter()
                .any(|(name, value)| name.contains('\u{fffd}') || value.contains('\u{fffd}'));
            assert!(broken || replaced, "a good form is refused");
        }
    }
}

/// A fixture that is taken says the same when it is written and read again; every mistake in one
/// that is not has a place in it and a reason.
pub fn fixtures(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let load = |name: &str, text: &str| {
        load_sources(&[Source { name: name.to_owned(), text: text.to_owned() }])
    };
    match load("f.yaml", text) {
        Ok(set) => {
            let written = serde_json::to_string(&set).expect("a set can be written");
            let again = load("f.json", &written).unwrap_or_else(|mistakes| panic!("{mistakes}"));
            assert_eq!(again, set);
        }
        Err(mistakes) => {
            assert!(!mistakes.0.is_empty());
            for mistake in &mistakes.0 {
                assert!(!mistake.message.is_empty());
                assert_eq!(mistake.file, "f.yaml", "{mistake}");
                let lines = text.split(['\n', '\r']).count() as u32;
                assert!(mistake.line <= lines + 1, "{mistake}: {lines} lines");
            }
        }
    }
}

/// A scenario that is taken says the same when it is written and read again.
pub fn scenario(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(written) = internal::scenario(text) {
        assert_eq!(internal::scenario(&written).as_deref(), Some(&*written));
    }
}

/// A token that is believed is one that the key would sign so, to the letter.
pub fn token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let believed = internal::verify(text);
    if believed {
        let (unsigned, _) = text.rsplit_once('.').expect("a JWT has dots");
        assert_eq!(internal::seal(unsigned), text);
    }
    let shown = inspect(text, &SigningKey::development(), 0);
    assert!(!shown.valid || internal::verify(text.trim()), "{shown:?}");
}

/// Parameters of the authorize endpoint never make the server fail, send the browser to where no
/// client is registered, or put a script into a page.
pub fn authorize(data: &[u8]) {
    static SERVER: LazyLock<(Runtime, MockAuthServer)> = LazyLock::new(|| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let server = runtime.block_on(MockAuthServer::start());
        (runtime, server)
    });
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (runtime, server) = &*SERVER;
    let form = "application/x-www-form-urlencoded";
    let requests = ["/ebc2/oauth/authorize", "/oauth2/v3/authorize"].into_iter().flat_map(|path| {
        let get = Request::get(format!("{path}?{text}")).body(String::new());
        let post = Request::post(path).header("content-type", form).body(text.to_owned());
        [get, post]
    });
    // What cannot be a URL is none.
    for request in requests.filter_map(Result::ok) {
        let answer = runtime.block_on(server.handle(request));
        let status = answer.status();
        assert!(!status.is_server_error(), "{status}");
        let location = answer.headers().get(header::LOCATION).map(|value| value.to_str());
        if let Some(location) = location {
            assert!(status.is_redirection());
            let rest = location.expect("a URL").strip_prefix("https://www.example.com");
            assert!(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '/'])));
        }
        let page = String::from_utf8_lossy(answer.body()).to_ascii_lowercase();
        assert!(!page.contains("<script"), "{page}");
    }
    // Codes that nobody exchanges are not what is looked for.
    if ASKED.fetch_add(1, Ordering::Relaxed) % 1_000 == 999 {
        runtime.block_on(server.reset());
    }
}
