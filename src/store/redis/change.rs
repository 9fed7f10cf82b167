//! Changes of a realm: its configuration in parts, and what goes with a change.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::keys::fingerprint;
use super::realm::{SharedRealm, Version};
use super::records::{code_text, grant_arguments, revocation_text};
use super::scripts::SCRIPTS;
use super::staged::Staged;
use crate::store::{FixtureGrants, Unavailable};

/// The parts of a realm's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// The fixtures that a reset goes back to, as JSON; empty if they are the same as the next.
    Seed,
    /// The fixtures in force, as JSON.
    Fixtures,
    /// The scenarios, as JSON.
    Scenarios,
    /// The mode of the clock, as JSON.
    Clock,
    /// The faults of TLS handshakes, as JSON.
    Tls,
    /// The fingerprint of the fixtures that the store was seeded with.
    SeededWith,
    /// The signing key's thumbprint.
    Key,
}

/// The parts that have changed, as texts.
pub(crate) type Parts = BTreeMap<Part, String>;

/// How a change is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Installation {
    /// In the realm, unless the store has a newer version of it.
    Change,
    /// As a new realm, in place of one of its name.
    Create,
    /// As a new realm, unless the store has one of its name.
    CreateIfMissing,
}

#[derive(Serialize)]
struct Change<'a> {
    epoch: &'a str,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_epoch: Option<&'a str>,
    only_if_missing: bool,
    parts: &'a Parts,
    ended: &'a [String],
    clear_grants: bool,
    clear_requests: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixtures: Option<Fixtures>,
}

#[derive(Serialize)]
struct Fixtures {
    /// Each with its fingerprint.
    codes: Vec<[String; 2]>,
    /// The fingerprint of each, its grant in four parts, and why that was revoked or "".
    tokens: Vec<[String; 6]>,
}

impl Part {
    /// The parts with their names in the store.
    const NAMES: [(Self, &str); 7] = [
        (Self::Seed, "seed"),
        (Self::Fixtures, "fixtures"),
        (Self::Scenarios, "scenarios"),
        (Self::Clock, "clock"),
        (Self::Tls, "tls"),
        (Self::SeededWith, "seeded_with"),
        (Self::Key, "key"),
    ];
}

impl SharedRealm {
    /// Lets the next change remove all grants.
    pub(crate) fn stage_clear_grants(&self) {
        let mut staged = self.staged.lock();
        staged.clear_grants = true;
    }

    /// Lets the next change clear the journal.
    pub(crate) fn stage_clear_requests(&self) {
        self.staged.lock().clear_requests = true;
    }

    /// Lets the next change replace the codes and tokens of the fixtures.
    pub(crate) fn stage_fixture_grants(&self, grants: FixtureGrants) {
        self.staged.lock().fixtures = Some(grants);
    }

    /// Forgets what was staged for a change that failed.
    pub(crate) fn unstage(&self) {
        *self.staged.lock() = Staged::default();
    }

    /// Returns the version of the realm in the store; `None` if it does not exist there.
    pub(crate) async fn version(&self) -> Result<Option<Version>, Unavailable> {
        let sent = Instant::now();
        let script = SCRIPTS.version.key(&self.keys.config);
        let reply: (Option<String>, Option<u64>, String, String) =
            self.link.connection.run(&script).await?;
        let (epoch, number, seconds, micros) = reply;

        self.link.time.note(sent, &seconds, &micros);
        Ok(epoch.zip(number).map(|(epoch, number)| Version { epoch: epoch.into(), number }))
    }

    /// Returns the thumbprint of the key that signs the tokens of the store.
    pub(crate) async fn signing_key(&self) -> Result<Option<String>, Unavailable> {
        let config = &self.keys.config;
        self.link.connection.send(redis::cmd("HGET").arg(config).arg("key")).await
    }

    /// Returns the parts that have changed since a version, with the version of now. `None` if the realm
    /// does not exist in the store.
    pub(crate) async fn load(
        &self,
        since: &Version,
    ) -> Result<Option<(Version, Parts)>, Unavailable> {
        let mut fields: HashMap<String, String> =
            self.link.connection.send(redis::cmd("HGETALL").arg(&self.keys.config)).await?;
        let number = |fields: &HashMap<String, String>, name: &str| {
            fields.get(name).and_then(|number| number.parse::<u64>().ok())
        };

        let Some(epoch) = fields.remove("epoch") else { return Ok(None) };
        let version =
            Version { epoch: epoch.into(), number: number(&fields, "version").unwrap_or_default() };
        let is_same = version.epoch == since.epoch;
        let mut parts = Parts::new();
        for (part, name) in Part::NAMES {
            let changed = number(&fields, &format!("{name}:v")).unwrap_or_default();
            if (!is_same || changed > since.number)
                && let Some(text) = fields.remove(name)
            {
                parts.insert(part, text);
            }
        }
        Ok(Some((version, parts)))
    }

    /// Installs a change of a version, with what was staged. `ended` are the IDs of scenarios that end.
    /// Returns the new version, or `None` if the store has what is not to be replaced.
    pub(crate) async fn install(
        &self,
        how: Installation,
        since: Version,
        parts: &Parts,
        ended: &[String],
    ) -> Result<Option<Version>, Unavailable> {
        let new_epoch = (how != Installation::Change)
            .then(|| Arc::from(format!("{:016x}", rand::random::<u64>())));
        let staged = std::mem::take(&mut *self.staged.lock());
        let change = Change {
            epoch: &since.epoch,
            version: since.number.to_string(),
            new_epoch: new_epoch.as_deref(),
            only_if_missing: how == Installation::CreateIfMissing,
            parts,
            ended,
            clear_grants: staged.clear_grants,
            clear_requests: staged.clear_requests,
            fixtures: staged.fixtures.map(Fixtures::from),
        };

        let mut script = SCRIPTS.install.key(&self.keys.all());
        script.arg(serde_json::to_string(&change).unwrap_or_default());
        script.arg(&*self.link.channel).arg(&*self.name);
        let number: i64 = self.link.connection.run(&script).await?;

        let epoch = new_epoch.unwrap_or(since.epoch);
        Ok(u64::try_from(number).ok().map(|number| Version { epoch, number }))
    }

    /// Removes the realm from the store.
    pub(crate) async fn delete(&self) -> Result<(), Unavailable> {
        self.link.connection.send(redis::cmd("DEL").arg(&self.keys.all())).await
    }
}

impl From<FixtureGrants> for Fixtures {
    fn from(FixtureGrants { codes, tokens }: FixtureGrants) -> Self {
        let codes = codes.iter().map(|(code, issued)| [fingerprint(code), code_text(issued)]);
        let tokens = tokens.iter().map(|(token, grant)| {
            let [id, fixed, granted_at, purge_after] = grant_arguments(grant);
            let revoked = grant.revoked.map(revocation_text).unwrap_or_default();
            [fingerprint(token), id, fixed, granted_at, purge_after, revoked.to_owned()]
        });
        Self { codes: codes.collect(), tokens: tokens.collect() }
    }
}
