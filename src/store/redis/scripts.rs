//! The scripts, each an atomic operation in the store, which knows them by their hash.

use std::sync::LazyLock;

use redis::Script;

/// All scripts.
pub(super) struct Scripts {
    pub(super) add_realm: Script,
    pub(super) flush: Script,
    pub(super) found: Script,
    pub(super) hold: Script,
    pub(super) install: Script,
    pub(super) open: Script,
    pub(super) open_and_take: Script,
    pub(super) purge: Script,
    pub(super) record: Script,
    pub(super) record_code: Script,
    pub(super) redeem: Script,
    pub(super) release: Script,
    pub(super) remove_realm: Script,
    pub(super) renew: Script,
    pub(super) revoke: Script,
    pub(super) upsert_grant: Script,
    pub(super) version: Script,
}

pub(super) static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| Scripts {
    add_realm: Script::new(include_str!("scripts/add_realm.lua")),
    flush: Script::new(include_str!("scripts/flush.lua")),
    found: with_look_up(include_str!("scripts/found.lua")),
    hold: Script::new(include_str!("scripts/hold.lua")),
    install: Script::new(include_str!("scripts/install.lua")),
    open: with_look_up(include_str!("scripts/open.lua")),
    open_and_take: with_look_up(include_str!("scripts/open_and_take.lua")),
    purge: on_grants(include_str!("scripts/purge.lua")),
    record: Script::new(include_str!("scripts/record.lua")),
    record_code: on_grants(include_str!("scripts/record_code.lua")),
    redeem: on_grants(include_str!("scripts/redeem.lua")),
    release: Script::new(include_str!("scripts/release.lua")),
    remove_realm: Script::new(include_str!("scripts/remove_realm.lua")),
    renew: on_grants(include_str!("scripts/renew.lua")),
    revoke: on_grants(include_str!("scripts/revoke.lua")),
    upsert_grant: on_grants(include_str!("scripts/upsert_grant.lua")),
    version: Script::new(include_str!("scripts/version.lua")),
});

/// Makes a script that begins with what all scripts on grants share.
fn on_grants(code: &str) -> Script {
    Script::new(&[include_str!("scripts/grants.lua"), code].concat())
}

/// Makes a script that begins with what all scripts share that look up codes and tokens.
fn with_look_up(code: &str) -> Script {
    Script::new(&[include_str!("scripts/look_up.lua"), code].concat())
}
