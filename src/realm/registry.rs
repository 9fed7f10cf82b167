//! What a realm's fixtures say, in the form in which requests look it up.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::fixture::{Client, ErrorOverride, ErrorStatus, Fixtures, Merchant, Resource, Settings};
use crate::oauth::{ErrorCode, Scopes, scope};
use crate::scenario::Endpoint;

/// Settings, clients and merchants. It never changes: a change makes another one.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    /// What all of it was made from.
    pub(crate) fixtures: Arc<Fixtures>,
    pub(crate) settings: Arc<Settings>,
    resources: Arc<[Resource]>,
    errors: Arc<BTreeMap<ErrorCode, ErrorOverride>>,
    clients: HashMap<Arc<str>, Arc<ClientEntry>>,
    /// In fixture order, which the consent page and `mock_consent` follow.
    merchants: Vec<Arc<Merchant>>,
    merchant_places: HashMap<Arc<str>, usize>,
}

/// A client with what is asked of it most often.
#[derive(Debug)]
pub(crate) struct ClientEntry {
    pub(crate) id: Arc<str>,
    pub(crate) scopes: Scopes,
    pub(crate) config: Client,
}

impl Registry {
    pub(crate) fn new(fixtures: &Arc<Fixtures>) -> Self {
        let register = |client: &Client| {
            let id: Arc<str> = client.id.as_str().into();
            let scopes = client.scopes.iter().cloned().collect();
            (Arc::clone(&id), Arc::new(ClientEntry { id, scopes, config: client.clone() }))
        };
        let places = fixtures.merchants.iter().enumerate();
        Self {
            fixtures: Arc::clone(fixtures),
            settings: Arc::new(fixtures.settings.clone()),
            resources: fixtures.resources.iter().cloned().collect(),
            errors: Arc::new(fixtures.errors.clone()),
            clients: fixtures.clients.iter().map(register).collect(),
            merchants: fixtures.merchants.iter().cloned().map(Arc::new).collect(),
            merchant_places: places.map(|(i, merchant)| (merchant.id.as_str().into(), i)).collect(),
        }
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Arc<ClientEntry>> {
        self.clients.get(id)
    }

    pub(crate) fn merchant(&self, id: &str) -> Option<&Arc<Merchant>> {
        self.merchant_places.get(id).and_then(|&place| self.merchants.get(place))
    }

    /// The ids of all clients.
    pub(crate) fn client_ids(&self) -> HashSet<&str> {
        self.clients.keys().map(|id| &**id).collect()
    }

    /// The ids of all merchants.
    pub(crate) fn merchant_ids(&self) -> HashSet<&str> {
        self.merchant_places.keys().map(|id| &**id).collect()
    }

    /// The merchants in fixture order.
    pub(crate) fn merchants(&self) -> &[Arc<Merchant>] {
        &self.merchants
    }

    /// The path of the resources that a request's path fits, in fixture order.
    pub(crate) fn resources<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.resources.iter().filter(move |resource| resource.path.matches(path))
    }

    /// Whether anybody here could be granted this scope.
    pub(crate) fn knows_scope(&self, wanted: &str) -> bool {
        scope::DOCUMENTED.contains(&wanted)
            || self.clients.values().any(|client| client.scopes.iter().any(|one| one == wanted))
    }

    /// The status of an error at an endpoint: what `errors:` says, else 500 where all failed token
    /// requests get one, else the row's own, else the code's.
    pub(crate) fn status(&self, endpoint: Endpoint, code: &ErrorCode, own: Option<u16>) -> u16 {
        let overridden = self.errors.get(code).and_then(|error| error.status);
        let always =
            endpoint == Endpoint::Token && self.settings.error_status == ErrorStatus::Always500;
        let usual = own.unwrap_or_else(|| code.default_status());
        overridden.unwrap_or(if always { 500 } else { usual })
    }

    /// The description of an error: the scenario's own, else what `errors:` says, else this one.
    pub(crate) fn description(&self, code: &ErrorCode, own: Option<&str>, usual: &str) -> String {
        let overridden = self.errors.get(code).and_then(|error| error.description.as_deref());
        own.or(overridden).unwrap_or(usual).to_owned()
    }
}
