//! The blocking version of a realm's handle.

use std::sync::Arc;
use std::time::Duration;

use super::follower::Follower;
use super::wait::wait;
use crate::clock::Clock;
use crate::fixture::{Client, FixtureErrors, Fixtures, Merchant, TlsFaults};
use crate::journal::{Filter, RecordedRequest, Times, Verification};
use crate::oauth::TokenResponse;
use crate::realm::{CodeRequest, GrantInfo, IssueError, TokensRequest};
use crate::report::Report;
use crate::scenario::{Scenario, ScenarioState};
use crate::server::{ScenarioGuard, TokenIdError};
use crate::tls::{ClientIdentity, TlsError};
use crate::token::Inspection;

/// A realm of a server.
///
/// This is the blocking version of [`RealmHandle`](crate::RealmHandle), from which it can be made
/// with `into()`. Cloning a handle is cheap; all clones refer to the same realm.
#[derive(Clone, Debug)]
pub struct RealmHandle {
    inner: crate::server::RealmHandle,
}

impl From<crate::server::RealmHandle> for RealmHandle {
    fn from(inner: crate::server::RealmHandle) -> Self {
        Self { inner }
    }
}

impl RealmHandle {
    /// Blocking version of [`name`](crate::RealmHandle::name).
    pub fn name(&self) -> &str {
        self.inner.name()
    }

    /// Blocking version of [`base_url`](crate::RealmHandle::base_url).
    pub fn base_url(&self) -> String {
        self.inner.base_url()
    }

    /// Blocking version of [`token_url`](crate::RealmHandle::token_url).
    pub fn token_url(&self) -> String {
        self.inner.token_url()
    }

    /// Blocking version of [`authorize_url`](crate::RealmHandle::authorize_url).
    pub fn authorize_url(&self) -> String {
        self.inner.authorize_url()
    }

    /// Blocking version of [`introspection_url`](crate::RealmHandle::introspection_url).
    pub fn introspection_url(&self) -> String {
        self.inner.introspection_url()
    }

    /// Blocking version of [`revocation_url`](crate::RealmHandle::revocation_url).
    pub fn revocation_url(&self) -> String {
        self.inner.revocation_url()
    }

    /// Blocking version of [`jwks_url`](crate::RealmHandle::jwks_url).
    pub fn jwks_url(&self) -> String {
        self.inner.jwks_url()
    }

    /// Blocking version of [`clock`](crate::RealmHandle::clock).
    pub fn clock(&self) -> &Clock {
        self.inner.clock()
    }

    /// Blocking version of [`issue_code`](crate::RealmHandle::issue_code), with the same errors.
    pub fn issue_code(&self, client_id: &str, merchant_id: &str) -> Result<String, IssueError> {
        wait(self.inner.issue_code(client_id, merchant_id))
    }

    /// Blocking version of [`issue_code_with`](crate::RealmHandle::issue_code_with), with the same
    /// errors.
    pub fn issue_code_with(&self, request: CodeRequest) -> Result<String, IssueError> {
        wait(self.inner.issue_code_with(request))
    }

    /// Blocking version of [`issue_tokens`](crate::RealmHandle::issue_tokens), with the same
    /// errors.
    pub fn issue_tokens(
        &self,
        client_id: &str,
        merchant_id: &str,
    ) -> Result<TokenResponse, IssueError> {
        wait(self.inner.issue_tokens(client_id, merchant_id))
    }

    /// Blocking version of [`issue_tokens_with`](crate::RealmHandle::issue_tokens_with), with the
    /// same errors.
    pub fn issue_tokens_with(&self, request: TokensRequest) -> Result<TokenResponse, IssueError> {
        wait(self.inner.issue_tokens_with(request))
    }

    /// Blocking version of [`inspect`](crate::RealmHandle::inspect).
    pub fn inspect(&self, token: &str) -> Inspection {
        wait(self.inner.inspect(token))
    }

    /// Blocking version of [`grants`](crate::RealmHandle::grants).
    pub fn grants(&self) -> Vec<GrantInfo> {
        wait(self.inner.grants())
    }

    /// Blocking version of [`revoke_grant`](crate::RealmHandle::revoke_grant).
    pub fn revoke_grant(&self, id: &str) -> bool {
        wait(self.inner.revoke_grant(id))
    }

    /// Blocking version of [`ca_pem`](crate::RealmHandle::ca_pem).
    pub fn ca_pem(&self) -> Option<String> {
        self.inner.ca_pem()
    }

    /// Blocking version of [`client_identity`](crate::RealmHandle::client_identity), with the same
    /// errors.
    pub fn client_identity(&self, name: &str) -> Result<ClientIdentity, TlsError> {
        self.inner.client_identity(name)
    }

    /// Blocking version of [`set_tls_faults`](crate::RealmHandle::set_tls_faults).
    pub fn set_tls_faults(&self, faults: TlsFaults) {
        self.inner.set_tls_faults(faults);
    }

    /// Blocking version of [`set_next_token_ids`](crate::RealmHandle::set_next_token_ids), with the
    /// same errors.
    pub fn set_next_token_ids(&self, ids: &[&str]) -> Result<(), TokenIdError> {
        self.inner.set_next_token_ids(ids)
    }

    /// Blocking version of [`inject`](crate::RealmHandle::inject), with the same panics.
    pub fn inject(&self, scenario: Scenario) -> ScenarioGuard {
        wait(self.inner.inject(scenario))
    }

    /// Blocking version of [`try_inject`](crate::RealmHandle::try_inject), with the same errors.
    pub fn try_inject(&self, scenario: Scenario) -> Result<ScenarioGuard, FixtureErrors> {
        wait(self.inner.try_inject(scenario))
    }

    /// Blocking version of [`scenarios`](crate::RealmHandle::scenarios).
    pub fn scenarios(&self) -> Vec<ScenarioState> {
        wait(self.inner.scenarios())
    }

    /// Blocking version of [`set_scenario_enabled`](crate::RealmHandle::set_scenario_enabled).
    pub fn set_scenario_enabled(&self, name: &str, enabled: bool) -> bool {
        wait(self.inner.set_scenario_enabled(name, enabled))
    }

    /// Blocking version of [`remove_scenario`](crate::RealmHandle::remove_scenario).
    pub fn remove_scenario(&self, name: &str) -> bool {
        wait(self.inner.remove_scenario(name))
    }

    /// Blocking version of [`clear_scenarios`](crate::RealmHandle::clear_scenarios).
    pub fn clear_scenarios(&self) {
        wait(self.inner.clear_scenarios());
    }

    /// Blocking version of [`requests`](crate::RealmHandle::requests).
    pub fn requests(&self) -> Vec<RecordedRequest> {
        wait(self.inner.requests())
    }

    /// Blocking version of [`requests_matching`](crate::RealmHandle::requests_matching).
    pub fn requests_matching(&self, filter: &Filter) -> Vec<RecordedRequest> {
        wait(self.inner.requests_matching(filter))
    }

    /// Blocking version of [`verify`](crate::RealmHandle::verify).
    pub fn verify(&self, filter: &Filter, count: impl Into<Times>) -> Verification {
        wait(self.inner.verify(filter, count))
    }

    /// Blocking version of [`verify_timeout`](crate::RealmHandle::verify_timeout).
    pub fn verify_timeout(
        &self,
        filter: &Filter,
        count: impl Into<Times>,
        timeout: Duration,
    ) -> Verification {
        wait(self.inner.verify_timeout(filter, count, timeout))
    }

    /// Blocking version of [`verify_order`](crate::RealmHandle::verify_order).
    pub fn verify_order(&self, filters: &[Filter]) -> Verification {
        wait(self.inner.verify_order(filters))
    }

    /// Blocking version of [`verify_order_timeout`](crate::RealmHandle::verify_order_timeout).
    pub fn verify_order_timeout(&self, filters: &[Filter], timeout: Duration) -> Verification {
        wait(self.inner.verify_order_timeout(filters, timeout))
    }

    /// Blocking version of [`clear_requests`](crate::RealmHandle::clear_requests).
    pub fn clear_requests(&self) {
        wait(self.inner.clear_requests());
    }

    /// Blocking version of [`report`](crate::RealmHandle::report).
    pub fn report(&self) -> Report {
        wait(self.inner.report())
    }

    /// Blocking version of [`follow`](crate::RealmHandle::follow).
    pub fn follow(&self) -> Follower {
        Follower { inner: self.inner.follow() }
    }

    /// Blocking version of [`fixtures`](crate::RealmHandle::fixtures).
    pub fn fixtures(&self) -> Arc<Fixtures> {
        self.inner.fixtures()
    }

    /// Blocking version of [`replace_fixtures`](crate::RealmHandle::replace_fixtures), with the
    /// same errors.
    pub fn replace_fixtures(&self, text: &str) -> Result<(), FixtureErrors> {
        wait(self.inner.replace_fixtures(text))
    }

    /// Blocking version of [`reset`](crate::RealmHandle::reset).
    pub fn reset(&self) {
        wait(self.inner.reset());
    }

    /// Blocking version of [`put_client`](crate::RealmHandle::put_client), with the same errors.
    pub fn put_client(&self, client: Client) -> Result<(), FixtureErrors> {
        wait(self.inner.put_client(client))
    }

    /// Blocking version of [`update_client`](crate::RealmHandle::update_client), with the same
    /// errors.
    pub fn update_client(
        &self,
        id: &str,
        change: impl FnOnce(&mut Client),
    ) -> Result<bool, FixtureErrors> {
        wait(self.inner.update_client(id, change))
    }

    /// Blocking version of [`remove_client`](crate::RealmHandle::remove_client), with the same
    /// errors.
    pub fn remove_client(&self, id: &str) -> Result<bool, FixtureErrors> {
        wait(self.inner.remove_client(id))
    }

    /// Blocking version of [`put_merchant`](crate::RealmHandle::put_merchant), with the same
    /// errors.
    pub fn put_merchant(&self, merchant: Merchant) -> Result<(), FixtureErrors> {
        wait(self.inner.put_merchant(merchant))
    }

    /// Blocking version of [`update_merchant`](crate::RealmHandle::update_merchant), with the same
    /// errors.
    pub fn update_merchant(
        &self,
        id: &str,
        change: impl FnOnce(&mut Merchant),
    ) -> Result<bool, FixtureErrors> {
        wait(self.inner.update_merchant(id, change))
    }

    /// Blocking version of [`remove_merchant`](crate::RealmHandle::remove_merchant), with the same
    /// errors.
    pub fn remove_merchant(&self, id: &str) -> Result<bool, FixtureErrors> {
        wait(self.inner.remove_merchant(id))
    }
}
