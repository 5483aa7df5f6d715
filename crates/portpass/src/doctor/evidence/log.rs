//! A registry's log: the sentences with which distribution and zot say why they refuse a token.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use serde_json::Value;

/// How much of the log is looked at.
const MAX_BYTES: u64 = 256 * 1024;

/// A log, and where it ended when the visit began.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    path: PathBuf,
    end: u64,
}

/// What a registry says of a token: distribution (`registry/auth/token/token.go` of 2.8.3, 3.0.0 and
/// 3.1.1), or zot (`errors.go` of golang-jwt 5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::doctor) enum Said {
    /// Another `aud`.
    Audience,
    /// The certificate ended, its CA's or its own.
    CertificateExpired,
    /// A time that has passed, or has not come.
    Clock,
    /// Another `iss`.
    Issuer,
    /// A signature by another key than zot's.
    Signature,
    /// A certificate that leads to nothing that is trusted.
    UnknownAuthority,
    /// A key id that it does not know.
    UnknownKey,
}

/// Its sentences, by what they mean.
const SENTENCES: [(&str, Said); 11] = [
    ("token from untrusted issuer", Said::Issuer),
    ("token intended for another audience", Said::Audience),
    ("token signed by untrusted key", Said::UnknownKey),
    ("signed by unknown authority", Said::UnknownAuthority),
    ("certificate has expired", Said::CertificateExpired),
    ("token not to be used", Said::Clock),
    ("token has expired", Said::Clock),
    ("token signature is invalid", Said::Signature),
    ("token is expired", Said::Clock),
    ("token is not valid yet", Said::Clock),
    ("token used before issued", Said::Clock),
];

impl Log {
    /// A log that exists; what stands in it by now is not looked at.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let end = File::open(path)?.metadata()?.len();
        Ok(Self {
            path: path.to_owned(),
            end,
        })
    }

    /// The last thing that the registry said of a token since the visit began, with its own words.
    pub(in crate::doctor) fn said(&self) -> Option<(Said, String)> {
        said(&self.since().ok()?)
    }

    fn since(&self) -> io::Result<String> {
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        // It was begun anew in between.
        let start = if length < self.end { 0 } else { self.end };
        file.seek(SeekFrom::Start(start.max(length.saturating_sub(MAX_BYTES))))?;
        let mut bytes = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn said(text: &str) -> Option<(Said, String)> {
    text.lines().rev().find_map(|line| {
        let (sentence, said) = SENTENCES
            .iter()
            .find(|(sentence, _)| line.contains(sentence))?;
        let words = words(line, sentence).unwrap_or_else(|| line.to_owned());
        Some((*said, words))
    })
}

/// The words alone: of a line of JSON the field with the sentence, of logrus' text the message.
fn words(line: &str, sentence: &str) -> Option<String> {
    if let Ok(Value::Object(fields)) = serde_json::from_str(line) {
        let mut texts = fields.values().filter_map(Value::as_str);
        return texts
            .find(|text| text.contains(sentence))
            .map(str::to_owned);
    }
    let (_, words) = line.split_once("msg=")?;
    Some(words.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sentence_counts() {
        let text = "time=\"x\" level=info msg=\"token from untrusted issuer: \\\"a\\\"\"\n\
                    time=\"x\" level=info msg=\"failed to verify token: x509: certificate signed by unknown authority\"\n\
                    127.0.0.1 - - \"GET /v2/\" 401\n";
        let (what, words) = said(text).unwrap();
        assert_eq!(what, Said::UnknownAuthority);
        assert_eq!(
            words,
            "\"failed to verify token: x509: certificate signed by unknown authority\""
        );
        assert_eq!(said("nothing of the kind"), None);
    }

    #[test]
    fn of_a_line_of_json_the_words_are_told_alone() {
        for (line, said_so, told) in [
            (
                r#"{"level":"info","msg":"token from untrusted issuer: \"a\"","time":"x"}"#,
                Said::Issuer,
                "token from untrusted issuer: \"a\"",
            ),
            (
                r#"{"level":"error","message":"failed to parse Authorization header","error":"token signature is invalid: crypto/ecdsa: verification error","goroutine":7}"#,
                Said::Signature,
                "token signature is invalid: crypto/ecdsa: verification error",
            ),
        ] {
            assert_eq!(said(line), Some((said_so, told.to_owned())));
        }
    }

    #[test]
    fn what_stood_there_before_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let before = "token from untrusted issuer\n".repeat(4);
        std::fs::write(&path, &before).unwrap();
        let log = Log::open(&path).unwrap();
        assert_eq!(log.said(), None);
        std::fs::write(&path, before + "token intended for another audience\n").unwrap();
        assert_eq!(log.said().unwrap().0, Said::Audience);
        std::fs::write(&path, "token signed by untrusted key\n").unwrap();
        assert_eq!(log.said().unwrap().0, Said::UnknownKey, "rotated");
    }
}
