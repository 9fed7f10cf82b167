//! The rules, one file each. A new rule is a new file and a line in [`RULES`].

mod basic_credentials;
mod code_never_exchanged;
mod code_reused;
mod correlation_id_reused;
mod expired_code;
mod expired_token_again;
mod no_backoff;
mod no_client_certificate;
mod no_correlation_id;
mod no_state;
mod no_timeout;
mod old_access_token;
mod parameters_in_url;
mod plain_http;
mod refresh_stampede;
mod refresh_too_early;
mod retried_permanent_error;
mod rule;
mod secret_in_url;
mod stale_refresh_token;
mod stateless;
mod undocumented_parameter;

use super::Severity;
use super::findings::Tally;
use super::history::History;
use super::memory::Memory;
use super::observation::{GrantKey, Observation};
pub(crate) use rule::RuleInfo;
pub(super) use rule::{HangSpan, Now, Rule};
use stateless::{Each, EachWithHttps};

/// The rules in the order in which the report has them.
const RULES: [RuleInfo; 20] = [
    parameters_in_url::RULE,
    secret_in_url::RULE,
    code_reused::RULE,
    stale_refresh_token::RULE,
    refresh_stampede::RULE,
    expired_token_again::RULE,
    old_access_token::RULE,
    retried_permanent_error::RULE,
    no_backoff::RULE,
    no_timeout::RULE,
    refresh_too_early::RULE,
    no_state::RULE,
    code_never_exchanged::RULE,
    expired_code::RULE,
    basic_credentials::RULE,
    no_correlation_id::RULE,
    correlation_id_reused::RULE,
    undocumented_parameter::RULE,
    plain_http::RULE,
    no_client_certificate::RULE,
];

/// Returns the descriptions of all rules in the order in which the report has them.
pub(crate) fn rules() -> impl Iterator<Item = &'static RuleInfo> {
    RULES.iter()
}

/// Returns every rule with its description and an empty tally.
pub(super) fn create_all() -> Vec<ActiveRule> {
    let create = |info: &'static RuleInfo| ActiveRule {
        info,
        rule: (info.create)(),
        tally: Tally::new(info.severity),
    };
    rules().map(create).collect()
}

/// A rule that is in use.
pub(super) struct ActiveRule {
    pub(super) info: &'static RuleInfo,
    pub(super) rule: Box<dyn Rule>,
    pub(super) tally: Tally,
}
