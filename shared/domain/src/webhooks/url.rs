//! Addresses that customers give.
//!
//! This is stricter than what browsers read: an address that two parsers might read differently is refused. What is
//! taken is checked again, by the network address that it leads to, each time it is called.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::EgressPolicy;
use crate::kernel::Violation;

/// The longest address, in bytes.
const MAX_URL: usize = 2048;

/// The address as it is kept, or which rule it breaks.
pub(super) fn check(url: &str, egress: EgressPolicy) -> Result<String, Violation> {
    let url = url.trim();
    match fault(url, egress) {
        None => Ok(url.to_owned()),
        Some((code, message)) => Err(Violation { field: "url".to_owned(), code, message: message.to_owned() }),
    }
}

type Fault = (&'static str, &'static str);

const MALFORMED: Fault = ("format", "Укажите полный адрес, например https://example.com/webhooks");
const NOT_HTTPS: Fault = ("scheme", "Адрес должен начинаться с https://");
const PRIVATE: Fault = ("private_address", "Адрес должен быть доступен из интернета");

fn fault(url: &str, egress: EgressPolicy) -> Option<Fault> {
    if url.is_empty() {
        return Some(("required", "Укажите адрес"));
    }
    if url.len() > MAX_URL {
        return Some(("too_long", "Адрес слишком длинный: не больше 2048 символов"));
    }
    if url.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return Some(MALFORMED);
    }
    let Some((scheme, rest)) = url.split_once("://") else { return Some(MALFORMED) };
    match scheme.to_ascii_lowercase().as_str() {
        "https" => {}
        "http" if egress.admits_http() => {}
        _ => return Some(NOT_HTTPS),
    }
    if rest.contains('#') {
        return Some(("fragment", "В адресе не должно быть части после #"));
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return Some(("credentials", "В адресе не должно быть имени пользователя и пароля"));
    }
    let host = split_port(authority).and_then(read_host);
    match host {
        None => Some(MALFORMED),
        Some(Host::Address(address)) => (!egress.admits(address)).then_some(PRIVATE),
        Some(Host::Name(name)) => (is_local(&name) && egress == EgressPolicy::Internet).then_some(PRIVATE),
    }
}

enum Host {
    Address(IpAddr),
    Name(String),
}

/// The host of an authority whose port, if it has one, makes sense.
fn split_port(authority: &str) -> Option<&str> {
    let after_bracket = authority.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = authority.get(after_bracket..)?.find(':') else { return Some(authority) };
    let (host, port) = authority.split_at_checked(after_bracket + colon)?;
    let port = port.strip_prefix(':')?;
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    is_port.then_some(host)
}

fn read_host(host: &str) -> Option<Host> {
    if let Some(inside) = host.strip_prefix('[') {
        let address: Ipv6Addr = inside.strip_suffix(']')?.parse().ok()?;
        return Some(Host::Address(address.into()));
    }
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let mut labels = host.split('.');
    if !labels.all(is_label) {
        return None;
    }
    let last = host.rsplit('.').next()?;
    // Browsers read `2130706433`, `0x7f.1` and `127.1` as addresses. So whatever ends in a number has to be a plain
    // one.
    let is_number = last.starts_with("0x") || last.starts_with("0X") || !last.chars().any(char::is_alphabetic);
    if is_number {
        return host.parse::<Ipv4Addr>().ok().map(|address| Host::Address(address.into()));
    }
    Some(Host::Name(host.to_lowercase()))
}

/// A name that is known on this machine or in this network only.
fn is_local(name: &str) -> bool {
    !name.contains('.') || [".localhost", ".local", ".internal"].iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(url: &str, egress: EgressPolicy) -> Option<&'static str> {
        check(url, egress).err().map(|violation| {
            assert_eq!(violation.field, "url");
            violation.code
        })
    }

    #[test]
    fn public_https_addresses_are_taken() {
        for url in [
            "https://example.com",
            "HTTPS://Example.com/hooks?a=b&c=%23",
            "https://example.com:8443/hooks",
            "https://компания.рф/приём",
            "https://a-b_c.example.com/a@b",
            "https://1.1.1.1/",
            "https://[2606:4700::1111]:443/x",
            "https://example.com?x",
        ] {
            assert_eq!(code(url, EgressPolicy::Internet), None, "{url}");
        }
        assert_eq!(check(" https://example.com/ ", EgressPolicy::Internet).unwrap(), "https://example.com/");
    }

    #[test]
    fn each_rule_has_a_word() {
        let long = format!("https://example.com/{}", "a".repeat(2048 - 20 + 1));
        for (url, expected) in [
            ("", "required"),
            ("  ", "required"),
            (long.as_str(), "too_long"),
            ("example.com", "format"),
            ("https:example.com", "format"),
            ("https://", "format"),
            ("https:///path", "format"),
            ("https://?x", "format"),
            ("https://exa mple.com", "format"),
            ("https://example.com\\@10.0.0.1/", "format"),
            ("https://example.com/\u{7}", "format"),
            ("https://example..com", "format"),
            ("https://example.com./", "format"),
            ("https://exam%70le.com/", "format"),
            ("https://example.com:/", "format"),
            ("https://example.com:0/", "format"),
            ("https://example.com:+1/", "format"),
            ("https://example.com:65536/", "format"),
            ("https://example.com:80:80/", "format"),
            ("https://[::1", "format"),
            ("https://[::1]x", "format"),
            ("https://::1/", "format"),
            ("https://2130706433/", "format"),
            ("https://0x7f.0.0.1/", "format"),
            ("https://127.0.0.0x1/", "format"),
            ("https://127.1/", "format"),
            ("https://0177.0.0.1/", "format"),
            ("https://１２７.０.０.１/", "format"),
            ("http://example.com", "scheme"),
            ("ftp://example.com", "scheme"),
            ("javascript://example.com", "scheme"),
            ("https://user:password@example.com", "credentials"),
            ("https://user@example.com", "credentials"),
            ("https://example.com@10.0.0.1/", "credentials"),
            ("https://example.com/#part", "fragment"),
            ("https://example.com#@10.0.0.1/", "fragment"),
            ("https://10.0.0.1/", "private_address"),
            ("https://127.0.0.1:9000/", "private_address"),
            ("https://169.254.169.254/latest/meta-data/", "private_address"),
            ("https://[::1]/", "private_address"),
            ("https://[fd00:ec2::254]/", "private_address"),
            ("https://[::ffff:192.168.0.1]:8443/", "private_address"),
            ("https://localhost/", "private_address"),
            ("https://a.LOCALHOST:8443/", "private_address"),
            ("https://printer.local/", "private_address"),
            ("https://instance-data.ec2.internal/", "private_address"),
        ] {
            assert_eq!(code(url, EgressPolicy::Internet), Some(expected), "{url}");
        }
    }

    #[test]
    fn the_local_stack_may_call_itself() {
        for url in ["http://localhost:3000/x", "http://127.0.0.1:1", "http://[::1]:1/", "https://example.com"] {
            assert_eq!(code(url, EgressPolicy::LoopbackToo), None, "{url}");
        }
        for (url, expected) in [("http://10.0.0.1/", "private_address"), ("ftp://localhost/", "scheme")] {
            assert_eq!(code(url, EgressPolicy::LoopbackToo), Some(expected), "{url}");
        }
    }
}
