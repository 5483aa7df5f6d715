//! `public_url`: where clients find us, and who our tokens say we are.

use std::net::{Ipv4Addr, Ipv6Addr};

use reqwest::Url;

use super::{Located, Place, read::Reading};

/// Takes the URL: `https`, or `http` on loopback, and nothing after the host.
pub(super) fn settle(reading: &mut Reading<'_>) -> String {
    let Some(given) = reading.optional::<Located<String>>("public_url") else {
        if reading.faults.is_empty() {
            let message = "`public_url` is missing; it is the address that clients see, \
                           as in \"https://registry.example.com\"";
            reading.fault(Place::default(), message);
        }
        return String::new();
    };
    if let Err(message) = check_public_url(&given.value) {
        reading.fault(given.at, message);
    }
    given.value
}

/// Whether a text can be the `public_url`; if not, why.
///
/// The realm is the URL with `/token` added, and the `iss` of our tokens is
/// the URL byte for byte: so it has exactly one spelling.
pub fn check_public_url(text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|error| {
        format!("`{text}` is not a URL ({error}); write \"https://HOST\" or \"https://HOST:PORT\"")
    })?;
    let host = url.host_str().unwrap_or_default();
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(host) => {}
        "http" => {
            return Err(
                "`http` is for loopback only: clients would send their credentials in \
                        the clear; use `https`"
                    .to_owned(),
            );
        }
        other => return Err(format!("`{other}` is not spoken; use `https`")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user or a password has no place here".to_owned());
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(format!(
            "only a host and a port may be named; write \"{}\"",
            url.origin().ascii_serialization()
        ));
    }
    let plain = url.origin().ascii_serialization();
    if text == plain {
        Ok(())
    } else {
        Err(format!("it has one spelling; write \"{plain}\""))
    }
}

/// Whether a host can only be this machine.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || bare
            .parse()
            .is_ok_and(|address: Ipv4Addr| address.is_loopback())
        || bare
            .parse()
            .is_ok_and(|address: Ipv6Addr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_and_a_host_are_enough() {
        for url in [
            "https://registry.example.com",
            "https://registry.example.com:8443",
            "http://localhost:8080",
            "http://portpass.localhost",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
        ] {
            assert_eq!(check_public_url(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_the_right_spelling() {
        for (url, part) in [
            ("registry.example.com", "not a URL"),
            ("", "not a URL"),
            ("ftp://registry.example.com", "not spoken"),
            ("http://registry.example.com", "loopback only"),
            ("http://127.0.0.1.example.com", "loopback only"),
            ("https://user@registry.example.com", "password"),
            (
                "https://registry.example.com/",
                "write \"https://registry.example.com\"",
            ),
            ("https://registry.example.com/token", "only a host"),
            ("https://registry.example.com?x", "only a host"),
            ("https://registry.example.com#x", "only a host"),
            ("https://Registry.example.com", "one spelling"),
            ("https://registry.example.com:443", "one spelling"),
            ("https://räg.example.com", "xn--"),
        ] {
            let message = check_public_url(url).unwrap_err();
            assert!(message.contains(part), "{url}: {message}");
        }
    }
}
