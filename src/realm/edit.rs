//! The one edit path: the control API, the library and changed files edit a realm through these
//! functions.
//!
//! Each function reads, changes, checks and installs under the realm's edit lock, so that of two
//! concurrent edits neither is lost. An edit that fails changes nothing.

use std::sync::Arc;

use parking_lot::MutexGuard;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Realm, Registry};
use crate::fixture::{
    Client, FixtureErrors, Fixtures, Merchant, Source, TlsFaults, load_sources, read_scenario,
    read_text,
};
use crate::scenario::{ActiveScenario, Scenario, ScenarioState};

/// A fixture that can be edited on its own: a client or a merchant.
pub(crate) trait FixtureEntry:
    Clone + Serialize + DeserializeOwned + Send + 'static
{
    /// What one entry is called in messages.
    const KIND: &'static str;
    /// The member of the fixtures that lists the entries.
    const LIST: &'static str;

    fn id(&self) -> &str;

    fn list(fixtures: &Fixtures) -> &[Self];

    fn list_mut(fixtures: &mut Fixtures) -> &mut Vec<Self>;

    /// Removes the codes and refresh tokens that refer to the entry with this ID.
    fn remove_references(fixtures: &mut Fixtures, id: &str);
}

impl FixtureEntry for Client {
    const KIND: &'static str = "client";
    const LIST: &'static str = "clients";

    fn id(&self) -> &str {
        &self.id
    }

    fn list(fixtures: &Fixtures) -> &[Self] {
        &fixtures.clients
    }

    fn list_mut(fixtures: &mut Fixtures) -> &mut Vec<Self> {
        &mut fixtures.clients
    }

    fn remove_references(fixtures: &mut Fixtures, id: &str) {
        fixtures.codes.retain(|code| code.client != id);
        fixtures.refresh_tokens.retain(|token| token.client != id);
    }
}

impl FixtureEntry for Merchant {
    const KIND: &'static str = "merchant";
    const LIST: &'static str = "merchants";

    fn id(&self) -> &str {
        &self.id
    }

    fn list(fixtures: &Fixtures) -> &[Self] {
        &fixtures.merchants
    }

    fn list_mut(fixtures: &mut Fixtures) -> &mut Vec<Self> {
        &mut fixtures.merchants
    }

    fn remove_references(fixtures: &mut Fixtures, id: &str) {
        fixtures.codes.retain(|code| code.merchant != id);
        fixtures.refresh_tokens.retain(|token| token.merchant != id);
    }
}

/// Reads the entry with this ID from JSON; without an `id` in the JSON, it gets this one.
///
/// # Errors
///
/// If the JSON has another ID, or is not such an entry. Pointers are relative to the entry.
pub(crate) fn read_entry<E: FixtureEntry>(
    id: &str,
    mut entry: Map<String, Value>,
) -> Result<E, FixtureErrors> {
    // An edit never renames an entry: codes and scenarios refer to it by ID.
    if *entry.entry("id").or_insert_with(|| id.into()) != id {
        return Err(FixtureErrors::of_member("/id", "the ID differs from the ID in the path"));
    }

    read_text(&Value::Object(entry).to_string())
}

/// Applies a merge patch (RFC 7396) to an entry: null resets a member to its default.
fn merge_patch<E: FixtureEntry>(entry: &E, patch: Map<String, Value>) -> Result<E, FixtureErrors> {
    let id = entry.id();
    let mut members = match serde_json::to_value(entry) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };

    // No member of an entry is an object, so there is nothing to merge below the first level.
    for (name, value) in patch {
        if value.is_null() && name != "id" {
            members.shift_remove(&name);
        } else {
            members.insert(name, value);
        }
    }

    read_entry(id, members)
}

/// An edit in progress: a copy of the fixtures, and the lock that keeps other edits out.
struct Edit<'r> {
    realm: &'r Realm,
    fixtures: Fixtures,
    _lock: MutexGuard<'r, ()>,
}

impl Edit<'_> {
    /// Checks the changed fixtures and installs them. Codes, grants and scenarios stay.
    fn install(self) -> Result<(), FixtureErrors> {
        // Loaded from text, the fixtures pass the same checks as those of a file.
        let text = serde_json::to_string(&self.fixtures).unwrap_or_default();
        let checked = load_sources(&[Source::new("fixtures", text)])?;

        self.realm.set_registry(&Arc::new(checked));
        Ok(())
    }

    /// Installs the fixtures after a change of one entry. Errors of the entry get pointers that
    /// are relative to it.
    fn install_entry<E: FixtureEntry>(self, index: usize) -> Result<(), FixtureErrors> {
        let prefix = format!("/{}/{index}", E::LIST);

        self.install().map_err(|mut errors| {
            for error in &mut errors.0 {
                let rest = error.pointer.strip_prefix(&prefix);
                if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                    error.pointer = rest.to_owned();
                }
            }
            errors
        })
    }
}

impl Realm {
    fn edit(&self) -> Edit<'_> {
        let lock = self.edit_lock.lock();
        Edit { realm: self, fixtures: (*self.registry().fixtures).clone(), _lock: lock }
    }

    /// Adds an entry, or replaces the one with its ID. Returns whether it replaced one.
    pub(crate) fn put_entry<E: FixtureEntry>(&self, entry: E) -> Result<bool, FixtureErrors> {
        let mut edit = self.edit();
        let entries = E::list_mut(&mut edit.fixtures);
        let existing = entries.iter().position(|known| known.id() == entry.id());

        let index = existing.unwrap_or(entries.len());
        if existing.is_some() {
            entries[index] = entry;
        } else {
            entries.push(entry);
        }

        edit.install_entry::<E>(index)?;
        Ok(existing.is_some())
    }

    /// Changes the entry with this ID. Returns whether there is one.
    pub(crate) fn update_entry<E: FixtureEntry>(
        &self,
        id: &str,
        change: impl FnOnce(&mut E) -> Result<(), FixtureErrors>,
    ) -> Result<bool, FixtureErrors> {
        let mut edit = self.edit();
        let mut entries = E::list_mut(&mut edit.fixtures).iter_mut().enumerate();
        let Some((index, entry)) = entries.find(|(_, entry)| entry.id() == id) else {
            return Ok(false);
        };

        change(entry)?;

        edit.install_entry::<E>(index)?;
        Ok(true)
    }

    /// Applies a merge patch (RFC 7396) to the entry with this ID. Returns the changed entry, if
    /// there is one.
    pub(crate) fn patch_entry<E: FixtureEntry>(
        &self,
        id: &str,
        patch: Map<String, Value>,
    ) -> Result<Option<E>, FixtureErrors> {
        let mut patched = None;
        self.update_entry(id, |entry: &mut E| {
            *entry = merge_patch(entry, patch)?;
            patched = Some(entry.clone());
            Ok(())
        })?;
        Ok(patched)
    }

    /// Removes the entry with this ID, and the codes and refresh tokens of the fixtures that refer
    /// to it. Returns whether there was one.
    pub(crate) fn remove_entry<E: FixtureEntry>(&self, id: &str) -> Result<bool, FixtureErrors> {
        let mut edit = self.edit();
        let entries = E::list_mut(&mut edit.fixtures);
        let Some(index) = entries.iter().position(|entry| entry.id() == id) else {
            return Ok(false);
        };

        entries.remove(index);
        // A code or token without its client or merchant would fail the checks.
        E::remove_references(&mut edit.fixtures, id);

        edit.install()?;
        Ok(true)
    }

    /// Replaces the fixtures, with their codes and scenarios. Existing grants are kept. Returns the
    /// new fixtures.
    pub(crate) fn replace_fixtures(&self, source: Source) -> Result<Arc<Fixtures>, FixtureErrors> {
        // They do not depend on the ones in force, so other edits need not wait for the loading.
        let fixtures = Arc::new(load_sources(&[source])?);

        let _lock = self.edit_lock.lock();
        self.install_fixtures(&fixtures);
        Ok(fixtures)
    }

    /// Resets everything to the start: fixtures, grants, scenarios, journal and clock.
    pub(crate) fn reset(&self) {
        let _lock = self.edit_lock.lock();
        self.clock.reset();
        self.grant_store.clear();

        let seed = Arc::clone(&self.seed.read());
        self.install_fixtures(&seed);
        self.clear_requests();
        // Also if the seed has the same TLS faults as the fixtures before: others may have been set.
        self.apply_tls_faults(None);
    }

    /// Resets everything, and starts again with these fixtures.
    #[cfg(feature = "redis")]
    pub(crate) fn start_again_with(&self, fixtures: &Arc<Fixtures>) {
        *self.seed.write() = Arc::clone(fixtures);
        self.reset();
    }

    /// Sets the faults of TLS handshakes. `None` means those of the fixtures.
    pub(crate) fn set_tls_faults(&self, faults: Option<TlsFaults>) {
        let _lock = self.edit_lock.lock();
        self.apply_tls_faults(faults);
    }

    /// Replaces the fixtures that the realm was seeded from. Existing grants are kept.
    pub(crate) fn reseed(&self, fixtures: &Arc<Fixtures>) {
        let _lock = self.edit_lock.lock();
        *self.seed.write() = Arc::clone(fixtures);
        self.install_fixtures(fixtures);
    }

    /// Adds a scenario, given as JSON, before all others. `Ok(None)` if its name is taken.
    pub(crate) fn add_scenario(
        &self,
        json: &str,
    ) -> Result<Option<Arc<ActiveScenario>>, FixtureErrors> {
        let _lock = self.edit_lock.lock();
        let scenario = check_scenario(&self.registry(), json)?;

        let name = scenario.name.as_deref();
        if name.is_some_and(|name| self.scenarios.get(name).is_some()) {
            return Ok(None);
        }
        Ok(Some(self.scenarios.add(scenario, self.clock.now_ms())))
    }

    /// Puts a scenario, given as JSON, before all others. It replaces the one with its name, which
    /// is `name` if that is given. Returns it with whether it replaced one.
    pub(crate) fn put_scenario(
        &self,
        json: &str,
        name: Option<&str>,
    ) -> Result<(Arc<ActiveScenario>, bool), FixtureErrors> {
        let _lock = self.edit_lock.lock();
        let mut scenario = check_scenario(&self.registry(), json)?;

        if let Some(name) = name {
            if scenario.name.as_ref().is_some_and(|own| own != name) {
                return Err(FixtureErrors::of_member(
                    "/name",
                    "the name differs from the name in the path",
                ));
            }
            scenario.name = Some(name.to_owned());
        }

        let existing = scenario.name.as_ref().and_then(|name| self.scenarios.get(name));
        Ok((self.scenarios.add(scenario, self.clock.now_ms()), existing.is_some()))
    }

    /// Returns all scenarios and their progress, in the order in which they are tried.
    pub(crate) fn scenario_states(&self) -> Vec<ScenarioState> {
        self.scenarios.states(self.clock.now_ms())
    }

    /// Enables or disables a scenario. Returns it, if it exists.
    pub(crate) fn set_scenario_enabled(
        &self,
        name: &str,
        enabled: bool,
    ) -> Option<Arc<ActiveScenario>> {
        let _lock = self.edit_lock.lock();
        self.scenarios.set_enabled(name, enabled)
    }

    /// Removes a scenario and releases the requests that it holds. Returns whether there was one.
    pub(crate) fn remove_scenario(&self, name: &str) -> bool {
        let _lock = self.edit_lock.lock();
        self.scenarios.remove(name)
    }

    /// Removes all scenarios, and releases the requests that they hold.
    pub(crate) fn clear_scenarios(&self) {
        let _lock = self.edit_lock.lock();
        self.scenarios.replace(&[], self.clock.now_ms());
    }
}

fn check_scenario(registry: &Registry, json: &str) -> Result<Scenario, FixtureErrors> {
    read_scenario(json, registry.client_ids(), registry.merchant_ids())
}

#[cfg(test)]
mod tests {
    use super::super::RealmSeed;
    use super::*;
    use crate::fixture::{AccountStatus, builtin};

    const CLIENT: &str = "v6TJH1IqhM";

    fn realm() -> Realm {
        Realm::new("default", Vec::new(), &RealmSeed::new(builtin(), 10))
    }

    fn patch(json: &str) -> Map<String, Value> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn concurrent_edits_are_all_kept() {
        let realm = realm();
        let before = realm.registry().fixtures.clients.len();

        std::thread::scope(|scope| {
            for thread in 0..4 {
                let realm = &realm;
                scope.spawn(move || {
                    for n in 0..5 {
                        let id = format!("client-{thread}-{n}");
                        realm.put_entry(Client::new(id, "s")).unwrap();
                    }
                });
            }
        });

        assert_eq!(realm.registry().fixtures.clients.len(), before + 20);
    }

    #[test]
    fn a_patch_changes_members_and_null_resets_them() {
        let realm = realm();
        let status = || realm.registry().client(CLIENT).unwrap().config.status;

        let inactive = patch(r#"{"status":"inactive"}"#);
        assert!(realm.patch_entry::<Client>(CLIENT, inactive).unwrap().is_some());
        assert_eq!(status(), AccountStatus::Inactive);
        let reset = realm.patch_entry::<Client>(CLIENT, patch(r#"{"status":null}"#)).unwrap();
        assert_eq!(reset.unwrap().status, AccountStatus::Active);
        assert_eq!(status(), AccountStatus::Active);
        assert!(realm.patch_entry::<Client>("nobody", Map::new()).unwrap().is_none());
    }

    #[test]
    fn errors_point_into_the_entry_and_change_nothing() {
        let realm = realm();
        let before = realm.registry().fixtures.clone();

        for (json, pointer) in [
            (r#"{"colour":1}"#, "/colour"),
            (r#"{"id":null}"#, "/id"),
            (r#"{"id":"other"}"#, "/id"),
            (r#"{"secret":null}"#, ""),
            (r#"{"redirect_urls":["nowhere"]}"#, "/redirect_urls/0"),
        ] {
            let errors = realm.patch_entry::<Client>(CLIENT, patch(json)).unwrap_err();
            assert_eq!(errors.0[0].pointer, pointer, "{errors}");
        }

        assert_eq!(realm.registry().fixtures, before);
    }

    #[test]
    fn codes_and_tokens_go_with_their_client() {
        let realm = realm();
        assert!(realm.registry().fixtures.codes.iter().any(|code| code.client == "8l57hYffFb"));

        assert!(realm.remove_entry::<Client>("8l57hYffFb").unwrap());

        assert!(!realm.remove_entry::<Client>("8l57hYffFb").unwrap());
        assert!(realm.registry().fixtures.codes.iter().all(|code| code.client != "8l57hYffFb"));
    }
}
