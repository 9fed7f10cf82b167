//! A realm's fixtures, indexed for lookups by requests.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::fixture::{AccountStatus, Client, ErrorStatus, Fixtures, Merchant, Resource, Settings};
use crate::oauth::{ErrorCode, Scopes, scope};
use crate::scenario::Endpoint;

/// Settings, clients, merchants and resources. A registry never changes: an edit makes a new one.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    /// The fixtures that the registry was made from.
    pub(crate) fixtures: Arc<Fixtures>,
    pub(crate) settings: Arc<Settings>,
    clients: HashMap<Arc<str>, Arc<ClientEntry>>,
    /// The index of each merchant in the fixtures, by id.
    merchant_indexes: HashMap<Arc<str>, usize>,
}

/// A client, with its ID and scopes in the form that grants share.
#[derive(Debug)]
pub(crate) struct ClientEntry {
    pub(crate) id: Arc<str>,
    pub(crate) scopes: Scopes,
    pub(crate) config: Client,
}

impl ClientEntry {
    fn new(client: &Client) -> Self {
        Self {
            id: client.id.as_str().into(),
            scopes: Arc::clone(&client.scopes),
            config: client.clone(),
        }
    }

    /// Whether the client's account is active.
    pub(crate) fn is_active(&self) -> bool {
        self.config.status == AccountStatus::Active
    }
}

impl Registry {
    pub(crate) fn new(fixtures: &Arc<Fixtures>) -> Self {
        let clients = fixtures.clients.iter().map(ClientEntry::new);
        let merchant_ids = fixtures.merchants.iter().map(|merchant| merchant.id.as_str().into());

        Self {
            fixtures: Arc::clone(fixtures),
            settings: Arc::new(fixtures.settings.clone()),
            clients: clients.map(|client| (Arc::clone(&client.id), Arc::new(client))).collect(),
            merchant_indexes: merchant_ids.zip(0..).collect(),
        }
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Arc<ClientEntry>> {
        self.clients.get(id)
    }

    pub(crate) fn merchant(&self, id: &str) -> Option<&Merchant> {
        self.merchant_indexes.get(id).and_then(|&index| self.fixtures.merchants.get(index))
    }

    /// Returns the IDs of all clients.
    pub(crate) fn client_ids(&self) -> HashSet<&str> {
        self.clients.keys().map(|id| &**id).collect()
    }

    /// Returns the IDs of all merchants.
    pub(crate) fn merchant_ids(&self) -> HashSet<&str> {
        self.merchant_indexes.keys().map(|id| &**id).collect()
    }

    /// Returns the resources whose path matches the path of a request, in fixture order.
    pub(crate) fn resources<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.fixtures.resources.iter().filter(move |resource| resource.path.matches(path))
    }

    /// Whether a client could be granted this scope.
    pub(crate) fn knows_scope(&self, scope: &str) -> bool {
        scope::documented().any(|known| known == scope)
            || self.clients.values().any(|client| client.scopes.iter().any(|known| known == scope))
    }

    /// Returns the status of an error at an endpoint. In order of precedence: the one in `errors:`,
    /// 500 with `error_status: always_500` at the token endpoint, the row's own, the one that the
    /// dialect gives the code.
    pub(crate) fn status(&self, endpoint: Endpoint, code: &ErrorCode, own: Option<u16>) -> u16 {
        let overridden = self.fixtures.errors.get(code).and_then(|error| error.status);
        let always_500 =
            endpoint == Endpoint::Token && self.settings.error_status == ErrorStatus::Always500;

        overridden
            .or(always_500.then_some(500))
            .or(own)
            .unwrap_or_else(|| self.settings.dialect.status(code))
    }

    /// Returns the description of an error. In order of precedence: the scenario's own, the one in
    /// `errors:`, the default.
    pub(crate) fn description(&self, code: &ErrorCode, own: Option<&str>, default: &str) -> String {
        let overridden =
            self.fixtures.errors.get(code).and_then(|error| error.description.as_deref());
        own.or(overridden).unwrap_or(default).to_owned()
    }
}
