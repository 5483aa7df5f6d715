//! Requests as docker sends them, written out.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use crate::jobs::{Jwt, SERVICE, namespace};

/// As docker asks with what it was logged in with; `login` asks for a refresh token, too.
pub fn present(jwt: &Jwt, login: bool) -> Vec<u8> {
    let credential = BASE64.encode(format!("JWT:{}", jwt.text));
    let offline = if login { "&offline_token=true" } else { "" };
    format!(
        "GET /token?service={SERVICE}&scope={scope}{offline} HTTP/1.1\r\n\
         Host: localhost\r\nUser-Agent: docker/28.2.2\r\nAuthorization: Basic {credential}\r\n\r\n",
        scope = scope(jwt),
    )
    .into_bytes()
}

/// As docker asks with what `docker login` left it.
pub fn refresh(jwt: &Jwt, secret: &str) -> Vec<u8> {
    let form = format!(
        "grant_type=refresh_token&service={SERVICE}&client_id=docker&scope={scope}&refresh_token={secret}",
        scope = scope(jwt),
    );
    format!(
        "POST /token HTTP/1.1\r\nHost: localhost\r\nUser-Agent: docker/28.2.2\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}",
        length = form.len(),
    )
    .into_bytes()
}

fn scope(jwt: &Jwt) -> String {
    format!("repository:{}:pull,push", namespace(jwt.id))
}
