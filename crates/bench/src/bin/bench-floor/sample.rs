//! An answer of Portpass, taken apart so that one like it can be made with another signature.

use anyhow::{Context as _, Result, ensure};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bench::answer::Answer;
use serde_json::Value;

/// What the answers of the floor are made from.
#[derive(Debug)]
pub(crate) struct Sample {
    /// All but those that the library writes.
    pub(crate) headers: HeaderMap,
    /// What is signed: the token without its signature.
    pub(crate) input: String,
    /// The body around the token, which stands in it more than once.
    pub(crate) around: Vec<String>,
}

impl Sample {
    /// Reads an answer, header and body.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self> {
        let answer = Answer::of(bytes)?.context("the sample is cut off")?;
        ensure!(answer.status == 200, "the sample is a refusal");
        let head = std::str::from_utf8(bytes.get(..answer.body.start).unwrap_or_default())?;
        let body = std::str::from_utf8(bytes.get(answer.body).unwrap_or_default())?;
        let mut headers = HeaderMap::new();
        for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
            let name: HeaderName = name.parse()?;
            if name != "date" && name != "content-length" {
                headers.append(name, HeaderValue::from_str(value)?);
            }
        }
        let object: Value = serde_json::from_str(body)?;
        let token = object.get("token").and_then(Value::as_str);
        let token = token.context("the sample has no token")?;
        let (input, _) = token.rsplit_once('.').context("the token has no dots")?;
        Ok(Self {
            headers,
            input: input.to_owned(),
            around: body.split(token).map(ToOwned::to_owned).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Vec<u8> {
        let length = body.len();
        format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nx-request-id: 7\r\n\
             content-length: {length}\r\ndate: Mon, 23 Nov 2026 04:00:00 GMT\r\n\r\n{body}"
        )
        .into_bytes()
    }

    #[test]
    fn a_sample_keeps_what_is_not_signed_and_not_of_the_library() {
        let body = r#"{"token":"a.b.c","access_token":"a.b.c","expires_in":900}"#;
        let sample = Sample::of(&answer(200, body)).unwrap();
        assert_eq!(sample.input, "a.b");
        assert_eq!(sample.around.join("a.b.c"), body);
        assert_eq!(sample.around.len(), 3);
        let names: Vec<_> = sample.headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["content-type", "x-request-id"]);
    }

    #[test]
    fn a_refusal_is_no_sample() {
        assert!(Sample::of(&answer(401, r#"{"token":"a.b.c"}"#)).is_err());
        assert!(Sample::of(&answer(200, r#"{"errors":[]}"#)).is_err());
        assert!(Sample::of(&answer(200, r#"{"token":"opaque"}"#)).is_err());
    }
}
