//! Requests that meet: every order in which they can come to the grant_store, tried by loom.
//!
//! The threads run the real decision, signatures included. What they share is the realm's grant_store,
//! behind one lock; loom runs each test once for every order in which they can take it (for three
//! threads: with at most [`PREEMPTIONS`] of them interrupted), and whatever the order, what is
//! asserted must hold.

use std::sync::atomic::{AtomicUsize, Ordering};

use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;

use super::token::decide;
use super::{Effects, TokenRequest};
use crate::fixture::{Source, load_sources};
use crate::journal::RequestRecorder;
use crate::oauth::{ErrorCode, Form, TokenResponse};
use crate::realm::{CodeRequest, Realm, RealmSeed};
use crate::token::SigningKey;

const CLIENT: &str = "v6TJH1IqhM";
const CREDENTIALS: &str = "client_id=v6TJH1IqhM&client_secret=v6TJH1IqhM-secret";
/// How often the threads of a larger test are interrupted where they need not be. Most defects
/// take one or two.
const PREEMPTIONS: usize = 2;
/// In words. Loom's own 32 KiB are too few for a signature.
const STACK: usize = 256 * 1024;

/// A realm and its key, shared by the threads of a test.
struct World {
    realm: Realm,
    key: SigningKey,
}

type Got = Result<TokenResponse, ErrorCode>;

/// Tries a test in every order.
fn every_order(settings: &str, preemptions: Option<usize>, test: fn(&Arc<World>)) {
    let text = format!("extends: default\nsettings: {{ {settings} }}");
    let source = Source { name: "f.yaml".to_owned(), text };
    let start = RealmSeed::new(load_sources(&[source]).unwrap().into(), 0);
    let key = SigningKey::development();
    let mut model = loom::model::Builder::new();
    model.preemption_bound = preemptions;
    let orders = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&orders);
    model.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        let world = Arc::new(World { realm: Realm::with_loom(&start), key: key.clone() });
        in_thread(move || test(&world)).join().unwrap();
    });
    let orders = orders.load(Ordering::Relaxed);
    println!("{orders} orders");
    assert!(orders > 1, "the threads never met");
}

/// Runs something on a thread with room enough.
fn in_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    thread::Builder::new().stack_size(STACK).spawn(work).unwrap()
}

impl World {
    /// The decision of the token endpoint.
    async fn ask(&self, form: &str) -> Got {
        let form = Form::parse(form.as_bytes()).unwrap();
        let registry = self.realm.registry();
        let request = TokenRequest {
            realm: &self.realm,
            registry: &registry,
            key: &self.key,
            form: &form,
            authorization: None,
            certificate: None,
            effects: &Effects::default(),
            recorder: &RequestRecorder::default(),
        };
        decide(&request).await.map_err(|refusal| refusal.row.error(registry.settings.dialect))
    }

    async fn exchange(&self, code: &str) -> Got {
        self.ask(&format!("{CREDENTIALS}&grant_type=authorization_code&code={code}")).await
    }

    async fn refresh(&self, token: &str) -> Got {
        self.ask(&format!("{CREDENTIALS}&grant_type=refresh_token&refresh_token={token}")).await
    }

    fn code(&self) -> String {
        let wanted = CodeRequest::new(CLIENT, "rahulrama");
        block_on(self.realm.issue_code(wanted)).map(|issued| issued.code).ok().unwrap()
    }

    /// The refresh token of a new grant.
    fn granted(&self) -> String {
        block_on(self.exchange(&self.code())).unwrap().refresh_token
    }

    /// The merchant takes back all that this client was granted.
    async fn revoke(&self) {
        for grant in self.realm.grant_store().grants(0).await {
            if *grant.client_id == *CLIENT {
                self.realm.grant_store().revoke(grant.id).await;
            }
        }
    }

    fn standing_grants(&self) -> usize {
        let grants = block_on(self.realm.grant_store().grants(0));
        grants.iter().filter(|grant| *grant.client_id == *CLIENT && !grant.revoked).count()
    }
}

/// Runs something on another thread.
fn meanwhile<T: Send + 'static>(
    world: &Arc<World>,
    work: impl AsyncFnOnce(&World) -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    let world = Arc::clone(world);
    in_thread(move || block_on(work(&world)))
}

fn won(results: &[Got]) -> usize {
    results.iter().filter(|result| result.is_ok()).count()
}

fn jti(token: &str) -> String {
    crate::token::read_jti(token).unwrap()
}

#[test]
fn of_two_exchanges_of_a_code_one_succeeds() {
    every_order("", None, |world| {
        let code = world.code();
        let copy = code.clone();
        let other = meanwhile(world, async move |world| world.exchange(&copy).await);
        let results = [block_on(world.exchange(&code)), other.join().unwrap()];
        assert_eq!(won(&results), 1);
        let lost = results.iter().find_map(|result| result.as_ref().err());
        assert_eq!(lost, Some(&ErrorCode::InvalidRequest));
        assert_eq!(world.standing_grants(), 1);
    });
}

#[test]
fn the_exchange_that_loses_revokes_what_the_other_won() {
    every_order("code_replay: revoke", None, |world| {
        let code = world.code();
        let copy = code.clone();
        let other = meanwhile(world, async move |world| world.exchange(&copy).await);
        let results = [block_on(world.exchange(&code)), other.join().unwrap()];
        assert_eq!((won(&results), world.standing_grants()), (1, 0));
    });
}

#[test]
fn two_refreshes_both_succeed_under_reuse() {
    every_order("", None, |world| {
        let token = world.granted();
        let copy = token.clone();
        let other = meanwhile(world, async move |world| world.refresh(&copy).await);
        let results = [block_on(world.refresh(&token)), other.join().unwrap()];
        assert!(results.iter().all(|got| got.as_ref().unwrap().refresh_token == token));
        assert_eq!(world.standing_grants(), 1);
    });
}

#[test]
fn of_two_refreshes_one_rotates() {
    every_order("refresh_policy: rotate", None, |world| {
        let token = world.granted();
        let copy = token.clone();
        let other = meanwhile(world, async move |world| world.refresh(&copy).await);
        let results = [block_on(world.refresh(&token)), other.join().unwrap()];
        assert_eq!(won(&results), 1);
        let successor = results.into_iter().find_map(Result::ok).unwrap().refresh_token;
        assert!(block_on(world.refresh(&token)).is_err(), "the old one is dead");
        assert!(block_on(world.refresh(&successor)).is_ok(), "the new one lives");
    });
}

#[test]
fn within_the_overlap_both_get_the_same_successor() {
    every_order("refresh_policy: rotate, rotation_overlap: 1h", None, |world| {
        let token = world.granted();
        let copy = token.clone();
        let other = meanwhile(world, async move |world| world.refresh(&copy).await);
        let [one, two] =
            [block_on(world.refresh(&token)), other.join().unwrap()].map(Result::unwrap);
        assert_eq!(jti(&one.refresh_token), jti(&two.refresh_token));
    });
}

#[test]
fn reuse_that_is_detected_leaves_nothing_alive() {
    every_order("refresh_policy: rotate, reuse_detection: revoke_grant", None, |world| {
        let token = world.granted();
        let copy = token.clone();
        let other = meanwhile(world, async move |world| world.refresh(&copy).await);
        let results = [block_on(world.refresh(&token)), other.join().unwrap()];
        assert_eq!(world.standing_grants(), 0);
        for token in results.into_iter().flatten() {
            assert!(block_on(world.refresh(&token.refresh_token)).is_err());
        }
    });
}

#[test]
fn nothing_lives_behind_a_revocation() {
    for policy in ["refresh_policy: reuse", "refresh_policy: rotate"] {
        every_order(policy, None, |world| {
            let token = world.granted();
            let copy = token.clone();
            let other = meanwhile(world, async move |world| world.refresh(&copy).await);
            block_on(world.revoke());
            let got = other.join().unwrap();
            assert!(matches!(got, Ok(_) | Err(ErrorCode::AccessDenied)));
            let newest = got.map_or(token, |tokens| tokens.refresh_token);
            assert_eq!(block_on(world.refresh(&newest)).err(), Some(ErrorCode::AccessDenied));
            assert_eq!(world.standing_grants(), 0);
        });
    }
}

#[test]
fn two_refreshes_and_a_revocation_leave_nothing_half_done() {
    every_order("refresh_policy: rotate", Some(PREEMPTIONS), |world| {
        let token = world.granted();
        let copies = [token.clone(), token.clone()];
        let others =
            copies.map(|copy| meanwhile(world, async move |world| world.refresh(&copy).await));
        block_on(world.revoke());
        let results = others.map(|other| other.join().unwrap());
        assert!(won(&results) <= 1);
        assert_eq!(world.standing_grants(), 0);
        for token in results.into_iter().flatten().map(|got| got.refresh_token).chain([token]) {
            assert!(block_on(world.refresh(&token)).is_err());
        }
    });
}

#[test]
fn a_code_of_a_name_is_recorded_once() {
    every_order("", None, |world| {
        let recorder = async |world: &World| {
            let wanted = CodeRequest::new(CLIENT, "rahulrama").code("mine");
            world.realm.issue_code(wanted).await.is_ok()
        };
        let other = meanwhile(world, recorder);
        let mine = block_on(recorder(world));
        assert!(mine ^ other.join().unwrap());
    });
}
