//! Host names as certificates and TLS handshakes carry them.

/// Returns whether a name is a valid DNS host name in ASCII.
pub(crate) fn is_host_name(name: &str) -> bool {
    (1..=253).contains(&name.len()) && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_consists_of_labels_separated_by_dots() {
        for name in ["localhost", "pay.test", "a_b-c.example", &"x".repeat(63)] {
            assert!(is_host_name(name), "{name}");
        }
        for name in ["", ".", "a..b", "a b", "pay.test:80", "münchen.de", &"x".repeat(64)] {
            assert!(!is_host_name(name), "{name}");
        }
    }
}
