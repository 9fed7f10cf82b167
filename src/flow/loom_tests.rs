//! Concurrent requests: loom tries every order in which they can reach the grant store.
//!
//! The threads run the real decision, signatures included. They share the realm's grant store, which
//! has one lock. Loom runs each test once for every order in which the threads can take it (with
//! three threads: for at most [`PREEMPTIONS`] preemptions), and the assertions must hold in all.

use std::sync::atomic::{AtomicUsize, Ordering};

use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;

use super::TokenRequest;
use super::token::decide;
use crate::fixture::{Source, load_sources};
use crate::journal::RequestRecorder;
use crate::oauth::{ErrorCode, Form, TokenResponse};
use crate::realm::{CodeRequest, Realm, RealmSeed};
use crate::store::Revocation;
use crate::token::SigningKey;

const CLIENT: &str = "v6TJH1IqhM";
const CREDENTIALS: &str = "client_id=v6TJH1IqhM&client_secret=v6TJH1IqhM-secret";
/// The maximum number of preemptions in a larger test. Most defects take one or two.
const PREEMPTIONS: usize = 2;
/// The size of a thread's stack, in words. Loom's default of 32 KiB is too small for a signature.
const STACK: usize = 256 * 1024;

/// A realm and its key, which the threads of a test share.
struct Server {
    realm: Realm,
    key: SigningKey,
}

type Outcome = Result<TokenResponse, ErrorCode>;

/// Runs a test in every order.
fn every_order(settings: &str, preemptions: Option<usize>, test: fn(&Arc<Server>)) {
    let text = format!("extends: default\nsettings: {{ {settings} }}");
    let source = Source { name: "f.yaml".to_owned(), text };
    let seed = RealmSeed::new(load_sources(&[source]).unwrap().into(), 0);
    let key = SigningKey::development();
    let mut model = loom::model::Builder::new();
    model.preemption_bound = preemptions;
    let orders = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&orders);
    model.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        let server = Arc::new(Server { realm: Realm::with_loom(&seed), key: key.clone() });
        in_thread(move || test(&server)).join().unwrap();
    });
    let orders = orders.load(Ordering::Relaxed);
    println!("{orders} orders");
    assert!(orders > 1, "the threads never met");
}

/// Spawns a thread with a stack that is large enough.
fn in_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    thread::Builder::new().stack_size(STACK).spawn(work).unwrap()
}

impl Server {
    /// The decision of the token endpoint.
    async fn decide(&self, form: &str) -> Outcome {
        let form = Form::parse(form.as_bytes()).unwrap();
        let registry = self.realm.registry();
        let request = TokenRequest {
            realm: &self.realm,
            registry: &registry,
            key: &self.key,
            form: &form,
            authorization: None,
            certificate: None,
            step: None,
            recorder: &RequestRecorder::default(),
            found: None,
        };
        let decided = decide(&request).await.map(|tokens| tokens.response);
        decided.map_err(|refusal| refusal.row.error(registry.settings.dialect))
    }

    async fn exchange(&self, code: &str) -> Outcome {
        self.decide(&format!("{CREDENTIALS}&grant_type=authorization_code&code={code}")).await
    }

    async fn refresh(&self, token: &str) -> Outcome {
        self.decide(&format!("{CREDENTIALS}&grant_type=refresh_token&refresh_token={token}")).await
    }

    fn code(&self) -> String {
        let request = CodeRequest::new(CLIENT, "rahulrama");
        block_on(self.realm.issue_code(request)).map(|issued| issued.code).ok().unwrap()
    }

    /// Returns the refresh token of a new grant.
    fn granted(&self) -> String {
        block_on(self.exchange(&self.code())).unwrap().refresh_token
    }

    /// Revokes all grants of the client, as the merchant.
    async fn revoke(&self) {
        for grant in self.realm.grant_store.grants(0).await.unwrap() {
            if *grant.client_id == *CLIENT {
                self.realm.grant_store.revoke(grant.id, Revocation::Merchant).await.unwrap();
            }
        }
    }

    fn active_grants(&self) -> usize {
        let grants = block_on(self.realm.grant_store.grants(0)).unwrap();
        grants.iter().filter(|grant| *grant.client_id == *CLIENT && grant.revoked.is_none()).count()
    }
}

/// Runs a request on another thread.
fn concurrently<T: Send + 'static>(
    server: &Arc<Server>,
    work: impl AsyncFnOnce(&Server) -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    let server = Arc::clone(server);
    in_thread(move || block_on(work(&server)))
}

fn successes(results: &[Outcome]) -> usize {
    results.iter().filter(|result| result.is_ok()).count()
}

fn jti(token: &str) -> String {
    crate::token::read_claims(token).unwrap().jti
}

#[test]
fn of_two_exchanges_of_a_code_one_succeeds() {
    every_order("", None, |server| {
        let code = server.code();
        let copy = code.clone();
        let other = concurrently(server, async move |server| server.exchange(&copy).await);
        let results = [block_on(server.exchange(&code)), other.join().unwrap()];
        assert_eq!(successes(&results), 1);
        let error = results.iter().find_map(|result| result.as_ref().err());
        assert_eq!(error, Some(&ErrorCode::InvalidRequest));
        assert_eq!(server.active_grants(), 1);
    });
}

#[test]
fn a_concurrent_replay_revokes_the_grant() {
    every_order("code_replay: revoke", None, |server| {
        let code = server.code();
        let copy = code.clone();
        let other = concurrently(server, async move |server| server.exchange(&copy).await);
        let results = [block_on(server.exchange(&code)), other.join().unwrap()];
        assert_eq!((successes(&results), server.active_grants()), (1, 0));
    });
}

#[test]
fn two_refreshes_both_succeed_under_reuse() {
    every_order("", None, |server| {
        let token = server.granted();
        let copy = token.clone();
        let other = concurrently(server, async move |server| server.refresh(&copy).await);
        let results = [block_on(server.refresh(&token)), other.join().unwrap()];
        assert!(results.iter().all(|got| got.as_ref().unwrap().refresh_token == token));
        assert_eq!(server.active_grants(), 1);
    });
}

#[test]
fn of_two_refreshes_one_rotates_the_token() {
    every_order("refresh_policy: rotate", None, |server| {
        let token = server.granted();
        let copy = token.clone();
        let other = concurrently(server, async move |server| server.refresh(&copy).await);
        let results = [block_on(server.refresh(&token)), other.join().unwrap()];
        assert_eq!(successes(&results), 1);
        let successor = results.into_iter().find_map(Result::ok).unwrap().refresh_token;
        assert!(block_on(server.refresh(&token)).is_err(), "the old token is no longer valid");
        assert!(block_on(server.refresh(&successor)).is_ok(), "the new token is valid");
    });
}

#[test]
fn within_the_overlap_both_refreshes_get_the_same_successor() {
    every_order("refresh_policy: rotate, rotation_overlap: 1h", None, |server| {
        let token = server.granted();
        let copy = token.clone();
        let other = concurrently(server, async move |server| server.refresh(&copy).await);
        let [one, two] =
            [block_on(server.refresh(&token)), other.join().unwrap()].map(Result::unwrap);
        assert_eq!(jti(&one.refresh_token), jti(&two.refresh_token));
    });
}

#[test]
fn detected_reuse_leaves_no_valid_token() {
    every_order("refresh_policy: rotate, reuse_detection: revoke_grant", None, |server| {
        let token = server.granted();
        let copy = token.clone();
        let other = concurrently(server, async move |server| server.refresh(&copy).await);
        let results = [block_on(server.refresh(&token)), other.join().unwrap()];
        assert_eq!(server.active_grants(), 0);
        for token in results.into_iter().flatten() {
            assert!(block_on(server.refresh(&token.refresh_token)).is_err());
        }
    });
}

#[test]
fn no_token_is_valid_after_a_revocation() {
    for policy in ["refresh_policy: reuse", "refresh_policy: rotate"] {
        every_order(policy, None, |server| {
            let token = server.granted();
            let copy = token.clone();
            let other = concurrently(server, async move |server| server.refresh(&copy).await);
            block_on(server.revoke());
            let outcome = other.join().unwrap();
            assert!(matches!(outcome, Ok(_) | Err(ErrorCode::AccessDenied)));
            let newest = outcome.map_or(token, |tokens| tokens.refresh_token);
            assert_eq!(block_on(server.refresh(&newest)).err(), Some(ErrorCode::AccessDenied));
            assert_eq!(server.active_grants(), 0);
        });
    }
}

#[test]
fn two_refreshes_and_a_revocation_leave_no_valid_token() {
    every_order("refresh_policy: rotate", Some(PREEMPTIONS), |server| {
        let token = server.granted();
        let copies = [token.clone(), token.clone()];
        let others = copies
            .map(|copy| concurrently(server, async move |server| server.refresh(&copy).await));
        block_on(server.revoke());
        let results = others.map(|other| other.join().unwrap());
        assert!(successes(&results) <= 1);
        assert_eq!(server.active_grants(), 0);
        for token in results.into_iter().flatten().map(|got| got.refresh_token).chain([token]) {
            assert!(block_on(server.refresh(&token)).is_err());
        }
    });
}

#[test]
fn a_code_is_recorded_once() {
    every_order("", None, |server| {
        let recorder = async |server: &Server| {
            let request = CodeRequest::new(CLIENT, "rahulrama").code("mine");
            server.realm.issue_code(request).await.is_ok()
        };
        let other = concurrently(server, recorder);
        let mine = block_on(recorder(server));
        assert!(mine ^ other.join().unwrap());
    });
}
