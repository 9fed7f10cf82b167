//! The version of the program.

/// The version, with the commit if it was known at build time: "0.1.0 (8a8c018f9e)".
pub(super) const VERSION: &str = env!("SMARTPAY_OAUTH_MOCK_VERSION");
