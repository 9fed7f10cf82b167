//! What a realm's fixtures say, in the form in which requests look it up.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::fixture::{Client, ErrorOverride, ErrorStatus, Fixtures, Merchant, Resource, Settings};
use crate::oauth::{ErrorCode, Refusal, Scopes, scope};

/// Settings, clients and merchants. It never changes: a change makes another one.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    /// What all of it was made from.
    pub(crate) fixtures: Arc<Fixtures>,
    pub(crate) settings: Arc<Settings>,
    resources: Arc<[Resource]>,
    errors: Arc<BTreeMap<ErrorCode, ErrorOverride>>,
    clients: HashMap<Arc<str>, Arc<Registered>>,
    /// In fixture order, which the consent page and `mock_consent` follow.
    merchants: Vec<Arc<Merchant>>,
    merchant_places: HashMap<Arc<str>, usize>,
}

/// A client with what is asked of it most often.
#[derive(Debug)]
pub(crate) struct Registered {
    pub(crate) id: Arc<str>,
    pub(crate) scopes: Scopes,
    pub(crate) client: Client,
}

impl Registry {
    pub(crate) fn new(fixtures: &Arc<Fixtures>) -> Self {
        let register = |client: &Client| {
            let id: Arc<str> = client.id.as_str().into();
            let scopes = client.scopes.iter().cloned().collect();
            (Arc::clone(&id), Arc::new(Registered { id, scopes, client: client.clone() }))
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

    pub(crate) fn client(&self, id: &str) -> Option<&Arc<Registered>> {
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

    /// The error code, status and description with which a refusal is answered.
    pub(crate) fn dress(&self, refusal: &Refusal) -> (ErrorCode, u16, String) {
        let code = refusal.row.error(self.settings.dialect);
        let description = self.description(&code, None, &refusal.description);
        let status = self.status(&code, refusal.row.own_status());
        (code, status, description)
    }

    /// The status of an error: what `errors:` says, else 500 where all are, else the row's own,
    /// else the code's.
    pub(crate) fn status(&self, code: &ErrorCode, own: Option<u16>) -> u16 {
        let always = (self.settings.error_status == ErrorStatus::Always500).then_some(500);
        self.overridden_status(code).or(always).or(own).unwrap_or_else(|| code.default_status())
    }

    /// The status that `errors:` gives an error. (`error_status` is about the token endpoint.)
    pub(crate) fn overridden_status(&self, code: &ErrorCode) -> Option<u16> {
        self.errors.get(code).and_then(|error| error.status)
    }

    /// The description of an error: the scenario's own, else what `errors:` says, else this one.
    pub(crate) fn description(&self, code: &ErrorCode, own: Option<&str>, usual: &str) -> String {
        let overridden = self.errors.get(code).and_then(|error| error.description.as_deref());
        own.or(overridden).unwrap_or(usual).to_owned()
    }
}
