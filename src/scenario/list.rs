//! The scenarios of a realm as a shared store keeps them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::index::ScenarioIndex;
use super::{ActiveScenario, Scenario};

/// The scenarios of a realm, in the order in which they are tried. Their progress is elsewhere.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ScenarioList {
    /// The number of the last scenario that was named by its number.
    pub(super) last_number: usize,
    scenarios: Vec<ListedScenario>,
    /// Those that were removed and had matched nothing, by name.
    pub(super) removed_unused: BTreeMap<String, Arc<Scenario>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct ListedScenario {
    id: String,
    name: String,
    scenario: Arc<Scenario>,
    ends_at_ms: Option<i64>,
}

impl ScenarioList {
    pub(super) fn new(
        index: &ScenarioIndex,
        last_number: usize,
        removed_unused: BTreeMap<String, Arc<Scenario>>,
    ) -> Self {
        let listed = |active: &Arc<ActiveScenario>| ListedScenario {
            id: active.id().to_owned(),
            name: active.name().to_owned(),
            scenario: active.shared_scenario(),
            ends_at_ms: active.ends_at_ms(),
        };
        Self { last_number, scenarios: index.iter().map(listed).collect(), removed_unused }
    }

    /// Returns the scenarios, without progress.
    pub(super) fn index(&self) -> ScenarioIndex {
        ScenarioIndex::new(self.scenarios.iter().cloned().map(|listed| {
            let ListedScenario { id, name, scenario, ends_at_ms } = listed;
            Arc::new(ActiveScenario::restored(name, scenario, id, ends_at_ms))
        }))
    }

    /// Returns the IDs of the scenarios that the other list does not have.
    pub(crate) fn ids_missing_in(&self, other: &Self) -> Vec<String> {
        let others: HashSet<&str> = other.scenarios.iter().map(|it| it.id.as_str()).collect();
        let ids = self.scenarios.iter().map(|listed| &listed.id);
        ids.filter(|id| !others.contains(id.as_str())).cloned().collect()
    }
}
