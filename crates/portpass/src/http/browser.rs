//! Registry UIs in a browser: a short login that holds no password.
//!
//! Browsers say what they are by `Sec-Fetch-Site`, and only where the way to
//! them is safe (W3C Fetch Metadata §2): over HTTPS, or on their own machine.

use axum::{
    http::{
        HeaderMap, HeaderValue,
        header::{COOKIE, SET_COOKIE},
    },
    response::Response,
};

use crate::relay::Sealed;

/// The cookie's name; the prefix holds it to this host and to HTTPS (RFC 6265bis §4.1.3).
const NAME: &str = "__Host-portpass";

/// How long the browser keeps it, in seconds: as long as it stands for anything.
const MAX_AGE_SECONDS: u32 = 600;

/// Longer than any of ours.
const MAX_BYTES: usize = 512;

/// Whether a browser says that a page of ours or our site made the request, or the
/// person at the address bar. No other site's may use a login, nor begin one:
/// its pages would have people work under a name of its choice.
pub(super) fn is_of_our_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    let site = site.and_then(|site| site.to_str().ok());
    site.is_some_and(|site| matches!(site, "none" | "same-origin" | "same-site"))
}

/// The cookie of a request of our site; another site's is nothing.
pub(super) fn cookie(headers: &HeaderMap) -> Option<Sealed> {
    if !is_of_our_site(headers) {
        return None;
    }
    let pairs = headers.get_all(COOKIE).iter();
    let mut pairs = pairs
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == NAME)?;
    (value.len() <= MAX_BYTES).then(|| Sealed::of_text(value.to_owned()))
}

/// Has the browser keep what stands for a login.
pub(super) fn set_cookie(response: &mut Response, sealed: &Sealed) {
    let cookie = format!(
        "{NAME}={}; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age={MAX_AGE_SECONDS}",
        sealed.as_str()
    );
    if let Ok(mut value) = HeaderValue::from_str(&cookie) {
        value.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[(&'static str, &str)]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        cookie(&headers).map(|sealed| sealed.as_str().to_owned())
    }

    #[test]
    fn a_cookie_counts_where_our_own_site_or_a_person_sent_it() {
        let ours = ("cookie", "a=b; __Host-portpass=x; c=d");
        for site in ["none", "same-origin", "same-site"] {
            assert_eq!(
                found(&[("sec-fetch-site", site), ours]).as_deref(),
                Some("x")
            );
        }
        assert_eq!(found(&[("sec-fetch-site", "cross-site"), ours]), None);
        assert_eq!(found(&[ours]), None);
        assert_eq!(
            found(&[("sec-fetch-site", "none"), ("cookie", "portpass=x")]),
            None
        );
        let long = format!("__Host-portpass={}", "x".repeat(MAX_BYTES + 1));
        assert_eq!(
            found(&[("sec-fetch-site", "none"), ("cookie", &long)]),
            None
        );
    }
}
