//! Scopes: the fifteen that the vendor documents, and the `scope` parameter.

use std::sync::Arc;

/// A shared list of scopes, in the order in which tokens carry them.
pub(crate) type Scopes = Arc<[String]>;

/// The scopes of the documentation's sample tokens, in their order (source S).
const DOCUMENTED: [&str; 15] = [
    "alternate_payments",
    "bank_transfers",
    "boarding",
    "commerce_services",
    "fraud_management",
    "invoicing",
    "keys",
    "manage_secure_acceptance",
    "payments_with_standalone_credit",
    "payments_without_standalone_credit",
    "payouts",
    "reporting",
    "tokenization_services",
    "transactions",
    "users",
];

/// Returns the documented scopes.
pub(crate) fn documented() -> impl Iterator<Item = &'static str> {
    DOCUMENTED.into_iter()
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
