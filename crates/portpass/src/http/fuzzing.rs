//! What holds of any header that says who calls.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header::COOKIE};
use ipnet::{IpNet, Ipv4Net};

pub use super::oauth2::fuzzing::form;
use super::{Peer, browser, client_ip::client_ip};
use crate::relay::SealKey;

const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// Bytes as `X-Forwarded-For`, each line a header of its own, and as a cookie.
pub fn headers(bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n');
    let lines = lines.filter_map(|line| HeaderValue::from_bytes(line).ok());
    let values: Vec<HeaderValue> = lines.take(64).collect();
    forwarded(&values);
    cookies(&values);
}

/// What strangers write never hides the address that a proxy saw.
fn forwarded(values: &[HeaderValue]) {
    let trusted = [IpNet::V4(Ipv4Net::new_assert(
        Ipv4Addr::new(10, 0, 0, 0),
        8,
    ))];
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(FORWARDED, value.clone());
    }
    assert_eq!(client_ip(Peer(STRANGER), &headers, &trusted), STRANGER);
    let client = client_ip(Peer(PROXY), &headers, &trusted);
    assert_eq!(client, client.to_canonical(), "one address has one form");
    headers.append(FORWARDED, HeaderValue::from_static("192.0.2.1, 10.0.0.2"));
    assert_eq!(client_ip(Peer(PROXY), &headers, &trusted), STRANGER);
}

/// A cookie counts from our own site, and opens nothing that we did not seal.
fn cookies(values: &[HeaderValue]) {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(COOKIE, value.clone());
    }
    assert!(browser::cookie(&headers).is_none(), "no site sent it");
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    if let Some(sealed) = browser::cookie(&headers) {
        assert!(sealed.as_str().len() <= 512, "{}", sealed.as_str().len());
        assert_eq!(format!("{sealed:?}"), "Sealed(…)");
        let key = SealKey::derive(&"a key of the targets".to_owned().into());
        assert!(key.open("browser", &sealed).is_none(), "nobody sealed it");
    }
}
