//! The realms of the store by name and host, besides the default one.

use std::collections::{BTreeMap, HashMap};

use super::keys::DirectoryKeys;
use super::realm::SharedRealm;
use super::scripts::SCRIPTS;
use super::shared_store::SharedStore;
use crate::store::Unavailable;

/// The outcome of adding a realm to the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    New,
    Replaced,
    /// There are too many realms.
    Full,
    /// This host name belongs to another realm.
    HostTaken(String),
}

impl SharedStore {
    /// Adds a realm that exists in the store, or replaces it.
    pub(crate) async fn add_realm(
        &self,
        realm: &SharedRealm,
        hosts: &[String],
        max: usize,
    ) -> Result<Added, Unavailable> {
        let mut script = self.on_directory(&SCRIPTS.add_realm);
        script.arg(&*realm.name).arg(&*realm.known().epoch).arg(max).arg(hosts);

        let reply: String = self.link.connection.run(&script).await?;
        Ok(match reply.as_str() {
            "added" => Added::New,
            "replaced" => Added::Replaced,
            "full" => Added::Full,
            taken => Added::HostTaken(taken.trim_start_matches("taken ").to_owned()),
        })
    }

    /// Removes a realm from the directory. Returns whether it was there.
    pub(crate) async fn remove_realm(&self, name: &str) -> Result<bool, Unavailable> {
        let mut script = self.on_directory(&SCRIPTS.remove_realm);
        script.arg(name);
        Ok(self.link.connection.run::<i64>(&script).await? == 1)
    }

    /// Returns whether the directory has a realm.
    pub(crate) async fn has_realm(&self, name: &str) -> Result<bool, Unavailable> {
        let realms = &self.directory.realms;
        self.link.connection.send(redis::cmd("HEXISTS").arg(realms).arg(name)).await
    }

    /// Returns the names of all realms.
    pub(crate) async fn realm_names(&self) -> Result<Vec<String>, Unavailable> {
        let realms: BTreeMap<String, String> =
            self.link.connection.send(redis::cmd("HGETALL").arg(&self.directory.realms)).await?;
        Ok(realms.into_keys().collect())
    }

    /// Returns the host names, each with its realm.
    pub(crate) async fn hosts(&self) -> Result<HashMap<String, String>, Unavailable> {
        self.link.connection.send(redis::cmd("HGETALL").arg(&self.directory.hosts)).await
    }

    fn on_directory<'s>(&self, script: &'s redis::Script) -> redis::ScriptInvocation<'s> {
        let DirectoryKeys { config, realms, hosts } = &self.directory;
        script.key(&[config, realms, hosts])
    }
}
