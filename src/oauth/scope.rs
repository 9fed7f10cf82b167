//! Scopes: the fifteen that the vendor documents, and the `scope` parameter.

use std::sync::Arc;

/// A shared list of scopes, in the order in which tokens carry them.
pub(crate) type Scopes = Arc<[String]>;

/// The scopes of the documentation's sample tokens, in their order (source S), each with a description in the
/// mock's own words.
const DOCUMENTED: [(&str, &str); 15] = [
    ("alternate_payments", "Take payments by means other than cards"),
    ("bank_transfers", "Take bank transfers"),
    ("boarding", "Set up merchant accounts"),
    ("commerce_services", "Use commerce services"),
    ("fraud_management", "Manage fraud checks"),
    ("invoicing", "Create and send invoices"),
    ("keys", "Manage your API keys"),
    ("manage_secure_acceptance", "Manage secure acceptance profiles"),
    ("payments_with_standalone_credit", "Take payments, and pay out credits without a payment"),
    ("payments_without_standalone_credit", "Take payments, and refund them"),
    ("payouts", "Make payouts"),
    ("reporting", "Read your reports"),
    ("tokenization_services", "Store and use tokenized cards"),
    ("transactions", "Read your transactions"),
    ("users", "Manage the users of your account"),
];

/// Returns the documented scopes.
pub(crate) fn documented() -> impl Iterator<Item = &'static str> {
    DOCUMENTED.into_iter().map(|(name, _)| name)
}

/// Describes a scope for the consent page.
pub(crate) fn describe(scope: &str) -> &'static str {
    let known = DOCUMENTED.into_iter().find(|(name, _)| *name == scope);
    known.map_or("Use a permission that has no description", |(_, description)| description)
}

/// Whether this is a well-formed scope (RFC 6749, section 3.3: `scope-token`).
pub(crate) fn is_token(scope: &str) -> bool {
    !scope.is_empty() && scope.chars().all(|c| matches!(c, '!' | '#'..='[' | ']'..='~'))
}

/// Splits a `scope` parameter at its spaces; `None` if it is malformed.
pub(crate) fn split(parameter: &str) -> Option<Vec<&str>> {
    let scopes: Vec<&str> = parameter.split(' ').collect();
    scopes.iter().all(|scope| is_token(scope)).then_some(scopes)
}

/// Returns the requested scopes in the order of `all`; `None` if one is not among them.
pub(crate) fn narrow(all: &[String], requested: &[&str]) -> Option<Scopes> {
    if requested.iter().any(|scope| !all.iter().any(|known| known == scope)) {
        return None;
    }

    Some(all.iter().filter(|scope| requested.contains(&scope.as_str())).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_parameter_is_scopes_separated_by_one_space() {
        assert_eq!(split("users"), Some(vec!["users"]));
        assert_eq!(split("users keys"), Some(vec!["users", "keys"]));
        for malformed in ["", " ", "users ", " users", "users  keys", "us\"ers", "é", "a\tb"] {
            assert_eq!(split(malformed), None, "{malformed:?}");
        }
    }

    #[test]
    fn narrowing_keeps_the_granted_order_and_refuses_more() {
        let all = ["a", "b", "c"].map(String::from);
        assert_eq!(narrow(&all, &["c", "a"]).unwrap().join(" "), "a c");
        assert!(narrow(&all, &["a", "d"]).is_none());
    }
}
