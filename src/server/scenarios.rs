//! Scenarios in the hands of a test: injected, expected, and gone when their guard is.

use std::fmt::Write;
use std::sync::Arc;

use super::RealmHandle;
use crate::fixture::FixtureErrors;
use crate::journal::{Filter, Times};
use crate::realm::Realm;
use crate::scenario::{ActiveScenario, Scenario, ScenarioState};

/// How many calls the message of a failed expectation shows.
const SHOWN: usize = 20;

impl RealmHandle {
    /// Puts a scenario before all others, or in place of one of the same name. It goes when the
    /// guard that is returned does.
    ///
    /// ```
    /// use smartpay_oauth_mock::{ErrorCode, MockAuthServer, Outcome, Scenario};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let server = MockAuthServer::start().await;
    /// let denied = Scenario::respond(Outcome::error(ErrorCode::AccessDenied)).times(1);
    /// let guard = server.inject(denied).await;
    /// // The next token request gets access_denied.
    /// assert_eq!(guard.matched(), 0);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the scenario could never do what it says: it names a client that is not there, or has
    /// parts that do not go together. [`RealmHandle::try_inject`] returns the mistakes instead.
    pub async fn inject(&self, scenario: Scenario) -> ScenarioGuard {
        match self.try_inject(scenario).await {
            Ok(guard) => guard,
            Err(mistakes) => panic!("this scenario cannot be injected:\n{mistakes}"),
        }
    }

    /// Puts a scenario before all others, unless there is a mistake in it.
    ///
    /// # Errors
    ///
    /// Every mistake in it, in the words that a fixture file would get.
    pub async fn try_inject(&self, scenario: Scenario) -> Result<ScenarioGuard, FixtureErrors> {
        let json = serde_json::to_string(&scenario).unwrap_or_default();
        let since = *self.realm.journal().watch().borrow();

        let (active, _) = self
            .realm
            .put_scenario(&json, None)
            .map_err(|errors| FixtureErrors::of_value(errors.0))?;

        Ok(ScenarioGuard {
            realm: Arc::clone(&self.realm),
            active,
            since,
            expected: None,
            detached: false,
        })
    }

    /// The scenarios, in the order in which they are asked.
    pub async fn scenarios(&self) -> Vec<ScenarioState> {
        self.realm.scenarios().states()
    }

    /// Takes a scenario out, be it from a fixture; whoever it holds goes on. `false`: there is none
    /// of this name.
    pub async fn remove_scenario(&self, name: &str) -> bool {
        self.realm.remove_scenario(name)
    }

    /// Takes all scenarios out, also those of the fixtures.
    pub async fn clear_scenarios(&self) {
        self.realm.clear_scenarios();
    }
}

/// Keeps a scenario in force; dropped, the scenario goes.
#[derive(Debug)]
#[must_use = "the scenario goes when this is dropped"]
pub struct ScenarioGuard {
    realm: Arc<Realm>,
    active: Arc<ActiveScenario>,
    /// The newest entry of the journal when it was injected.
    since: u64,
    expected: Option<Times>,
    detached: bool,
}

impl ScenarioGuard {
    /// The scenario's name.
    pub fn name(&self) -> &str {
        self.active.name()
    }

    /// How many requests it has matched.
    pub fn matched(&self) -> u64 {
        self.active.matched()
    }

    /// How many requests it holds.
    pub fn held(&self) -> usize {
        self.active.barrier().held()
    }

    /// Lets the requests go that it holds; returns how many that were.
    pub fn release(&self) -> usize {
        self.active.barrier().release()
    }

    /// Expects it to match so many requests, a number or a range. If it has not when the guard is
    /// dropped, the test fails, with the calls that came instead.
    ///
    /// ```should_panic
    /// use smartpay_oauth_mock::{ErrorCode, MockAuthServer, Outcome, Scenario};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let server = MockAuthServer::start().await;
    /// let busy = Scenario::respond(Outcome::error(ErrorCode::ServerError)).times(2);
    /// let _retried = server.inject(busy).await.expect(2);
    /// // The code under test should have retried; nothing came, so this test fails.
    /// # }
    /// ```
    pub fn expect(mut self, count: impl Into<Times>) -> Self {
        self.expected = Some(count.into());
        self
    }

    /// CertCache the scenario in force, and expects nothing of it any more; returns its name.
    pub fn detach(mut self) -> String {
        self.detached = true;
        self.expected = None;
        self.active.name().to_owned()
    }

    /// What was expected and what came, in words; `None` if it holds.
    fn disappointment(&self) -> Option<String> {
        let matched = self.matched();
        let expected = self.expected.filter(|expected| !expected.holds(matched))?;
        let mut text = format!(
            "the scenario \"{}\" was expected to match {} request{}, and matched {matched}.\n",
            self.name(),
            expected.in_words(),
            if expected == Times::exactly(1) { "" } else { "s" },
        );
        let came = self.realm.journal().read(&Filter::default(), Some(self.since), usize::MAX);
        if came.entries.is_empty() {
            text.push_str("No request came since it was injected.");
            return Some(text);
        }
        let _ = write!(text, "Since it was injected, {} came:", came.total);
        let skipped = came.entries.len().saturating_sub(SHOWN);
        if skipped > 0 {
            let _ = write!(text, "\n  ... {skipped} earlier ones");
        }
        for entry in &came.entries[skipped..] {
            let _ = write!(text, "\n  {entry}");
        }
        Some(text)
    }
}

impl Drop for ScenarioGuard {
    fn drop(&mut self) {
        if self.detached {
            return;
        }
        let disappointment = self.disappointment();
        self.realm.scenarios().remove_this(&self.active);
        // A test that fails already has its own reason.
        if let Some(text) = disappointment
            && !std::thread::panicking()
        {
            panic!("{text}");
        }
    }
}
