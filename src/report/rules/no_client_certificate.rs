//! `no-client-certificate`: the client presents its certificate.

use super::{EachWithHttps, Observation, RuleInfo, Severity};
use crate::journal::RecordedEndpoint;

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "no-client-certificate",
    severity: Severity::Warning,
    text: "A request to the token endpoint or the API came without a client certificate.",
    help: "Present the client certificate that the vendor has registered: the real server \
       rejects other handshakes. Test with the server's --client-auth required.",
    create: || Box::new(EachWithHttps { is_broken }),
};

fn is_broken(seen: &Observation<'_>) -> bool {
    // A browser sends the requests to the authorize endpoint.
    let needs_one =
        matches!(seen.entry.endpoint, RecordedEndpoint::Token | RecordedEndpoint::Resource);

    needs_one && seen.entry.certificate.is_none()
}
