//! Answers of HTTP/1.1, found in the bytes that came so far (RFC 9112).

use std::ops::Range;

use anyhow::{Context as _, Result, ensure};

/// The longest answer that is read.
const MAX_BYTES: usize = 1 << 20;

/// A whole answer, by where it lies in the bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Where its body is; with the lengths of the parts between, if it came in parts.
    pub body: Range<usize>,
    /// Where the next answer begins.
    pub end: usize,
}

/// How a body tells its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Framing {
    Chunked,
    Length(usize),
}

impl Answer {
    /// The answer that these bytes begin with; nothing, as long as some of it is missing.
    ///
    /// # Errors
    ///
    /// When they are no answer, or one without an end.
    pub fn of(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(head) = find(bytes, b"\r\n\r\n") else {
            ensure!(bytes.len() < MAX_BYTES, "a header without an end");
            return Ok(None);
        };
        let start = head + 4;
        let text = bytes.get(..head).unwrap_or_default();
        let text = std::str::from_utf8(text).context("a header that is no text")?;
        let (status, framing) = read_head(text)?;
        let rest = bytes.get(start..).unwrap_or_default();
        let length = match framing {
            Framing::Length(length) => Some(length).filter(|length| *length <= rest.len()),
            Framing::Chunked => chunks(rest)?,
        };
        ensure!(
            length.is_some() || bytes.len() < MAX_BYTES,
            "an answer without an end"
        );
        Ok(length.map(|length| Self {
            status,
            body: start..start + length,
            end: start + length,
        }))
    }
}

fn read_head(text: &str) -> Result<(u16, Framing)> {
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let status = status.context("no status line")?.parse()?;
    let mut framing = Framing::Length(0);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            framing = Framing::Length(value.trim().parse()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            framing = Framing::Chunked;
        }
    }
    Ok((status, framing))
}

/// The length of a body in parts, if all of it is here (RFC 9112 §7.1).
fn chunks(bytes: &[u8]) -> Result<Option<usize>> {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(line) = find(rest, b"\r\n") else {
            return Ok(None);
        };
        let size = rest.get(..line).unwrap_or_default();
        let size = usize::from_str_radix(std::str::from_utf8(size)?, 16)?;
        ensure!(size <= MAX_BYTES, "a part of {size} bytes");
        at += line + 2 + size + 2;
        if at > bytes.len() {
            return Ok(None);
        }
        if size == 0 {
            return Ok(Some(at));
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut windows = bytes.windows(wanted.len());
    windows.position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZED: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 5\r\nx: y\r\n\r\nhello";
    const PARTS: &[u8] =
        b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n";

    #[test]
    fn an_answer_is_whole_with_its_last_byte_and_not_before() {
        for whole in [SIZED, PARTS] {
            for length in 0..whole.len() {
                assert_eq!(Answer::of(&whole[..length]).unwrap(), None, "{length}");
            }
            let answer = Answer::of(whole).unwrap().unwrap();
            assert_eq!(answer.end, whole.len());
            let both = [whole, SIZED].concat();
            assert_eq!(Answer::of(&both).unwrap(), Some(answer));
        }
        let answer = Answer::of(SIZED).unwrap().unwrap();
        assert_eq!((answer.status, &SIZED[answer.body]), (200, &b"hello"[..]));
        assert_eq!(Answer::of(PARTS).unwrap().unwrap().status, 401);
    }

    #[test]
    fn an_answer_without_a_body_ends_with_its_header() {
        let answer = Answer::of(b"HTTP/1.1 204 No Content\r\n\r\n");
        assert_eq!(answer.unwrap().unwrap().end, 27);
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        let endless = vec![b'a'; MAX_BYTES];
        for bytes in [
            &b"nonsense\r\n\r\n"[..],
            b"HTTP/1.1 OK 200\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            &endless,
        ] {
            assert!(Answer::of(bytes).is_err());
        }
    }
}
