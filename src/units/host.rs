//! Host names as certificates, TLS handshakes and requests carry them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns whether a name is a valid DNS host name in ASCII.
pub(crate) fn is_host_name(name: &str) -> bool {
    (1..=253).contains(&name.len()) && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Returns a host name in lower case and without the dot of a fully qualified name. Both forms name
/// the same host.
pub(crate) fn canonical_host(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    match host.strip_suffix('.') {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => host,
    }
}

/// Returns the IP address that a host is, in any spelling that clients accept: `127.0.0.1` is also
/// `127.1`, `0x7f.1`, `2130706433` and `[::ffff:127.0.0.1]`. `None` for a name.
pub(crate) fn ip_address(host: &str) -> Option<IpAddr> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);

    match bare.parse::<Ipv6Addr>() {
        Ok(address) => Some(IpAddr::V6(address).to_canonical()),
        Err(_) => loose_ipv4(bare).map(IpAddr::V4),
    }
}

/// Returns whether a host is this machine for everybody: `localhost`, a loopback address, or the
/// unspecified one, to which clients connect as to loopback.
pub(crate) fn is_this_machine(host: &str) -> bool {
    canonical_host(host) == "localhost"
        || ip_address(host).is_some_and(|address| address.is_loopback() || address.is_unspecified())
}

/// Parses an IPv4 address as `inet_aton` and browsers do: one to four numbers, each decimal, octal or
/// hexadecimal, of which the last fills the remaining bytes.
fn loose_ipv4(text: &str) -> Option<Ipv4Addr> {
    let numbers = text.split('.').map(loose_number).collect::<Option<Vec<u32>>>()?;
    let (last, first) = numbers.split_last()?;
    if first.len() > 3 || first.iter().any(|number| *number > 255) {
        return None;
    }

    let mut address = 0;
    for (i, number) in first.iter().enumerate() {
        address |= number << (24 - 8 * i);
    }
    let fits = first.is_empty() || *last < 1 << (32 - 8 * first.len());
    fits.then(|| Ipv4Addr::from_bits(address | last))
}

fn loose_number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // Clients take a bare prefix for zero.
        Some("") => return Some(0),
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };

    let is_number = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    u32::from_str_radix(digits, radix).ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_recognized_in_any_spelling() {
        for host in [
            "localhost",
            "LocalHost",
            "localhost.",
            "127.0.0.1",
            "127.0.0.1.",
            "127.8.9.10",
            "127.1",
            "127.0.1",
            "0x7f.1",
            "0X7F.0x0.0.1",
            "0177.0.0.1",
            "0177.1",
            "2130706433",
            "0x7f000001",
            "017700000001",
            "0",
            "0.0.0.0",
            "0x0",
            "0x",
            "00",
            "0.0",
            "::1",
            "[::1]",
            "[::]",
            "::",
            "[::ffff:127.0.0.1]",
            "::ffff:7f00:1",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:0.0.0.0]",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            ".",
            "localhost.example",
            "mylocalhost",
            "128.0.0.1",
            "10.0.0.1",
            "127",
            "126.1",
            "0x7g.1",
            "127.0.0.0.1",
            "127.256.0.1",
            "127.0.0.+1",
            "127..1",
            "08.1",
            "4294967296",
            "[::2]",
            "[::ffff:10.0.0.1]",
            "127-0-0-1",
            "x.127.1",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn the_form_of_a_host_name_does_not_matter() {
        assert_eq!(canonical_host("Pay.Example."), "pay.example");
        assert_eq!(canonical_host("."), ".");
    }

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
