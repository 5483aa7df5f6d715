//! What was sent and given, and must be read nowhere.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, Engine as _};

use super::outcome::Outcome;

/// Shorter ones are words that may stand anywhere.
const SHORTEST: usize = 12;

/// Every secret of one case.
#[derive(Default)]
pub(super) struct Secrets {
    /// Texts to look for, each with what it is of.
    needles: Vec<String>,
}

impl Secrets {
    /// Takes note of secrets that go to the server.
    pub(super) fn sent(&mut self, secrets: &[String]) {
        for secret in secrets {
            self.add(secret);
            // A signature is worth as much as the whole, and so is what it signs;
            // the header of a JWT is the same for many.
            for part in secret.split('.').skip(1) {
                self.add(part);
            }
        }
    }

    /// Takes note of what the server gave, and looks for what was sent in it.
    pub(super) fn answered(&mut self, outcome: &Outcome) {
        for reply in &outcome.replies {
            let text = format!("{}\n{}", reply.head, reply.body);
            self.are_nowhere(&[("an answer", &text)]);
        }
        for reply in &outcome.replies {
            let body = reply.json();
            let given = ["token", "refresh_token"].map(|name| body[name].as_str());
            for secret in given.into_iter().flatten() {
                self.add(secret);
                self.add(secret.rsplit('.').next().unwrap());
            }
        }
    }

    fn add(&mut self, secret: &str) {
        if secret.len() < SHORTEST {
            return;
        }
        let mut needles = vec![secret.to_owned()];
        // Base64 of a text that the secret stands in: three ways, by what is before it.
        for before in 0..3 {
            let padded = [&b"..."[..before], secret.as_bytes()].concat();
            let whole = &padded[..padded.len() / 3 * 3];
            for encoded in [BASE64_STANDARD.encode(whole), BASE64_URL_SAFE.encode(whole)] {
                needles.push(encoded.split_at(4).1.to_owned());
            }
        }
        needles.retain(|needle| needle.len() >= SHORTEST && !self.needles.contains(needle));
        self.needles.extend(needles);
    }

    /// Stops the test if one of them stands somewhere, whole or within another text.
    pub(super) fn are_nowhere(&self, places: &[(&str, &str)]) {
        for (place, text) in places {
            for needle in &self.needles {
                if let Some(at) = text.find(needle.as_str()) {
                    let around = text
                        .char_indices()
                        .skip_while(|(index, _)| *index + 200 < at);
                    let around: String = around.map(|(_, char)| char).take(500).collect();
                    panic!("a secret of the case stands in {place}: {needle}\n…{around}…");
                }
            }
        }
    }
}

#[test]
fn a_secret_is_found_as_it_is_and_within_base64() {
    let secret = "eyJhbGciOiJSUzI1NiJ9.c2lnbmF0dXJl";
    let mut secrets = Secrets::default();
    secrets.sent(&[secret.to_owned()]);
    let header = crate::app::basic("JWT", secret);
    for text in [secret, "c2lnbmF0dXJl", header.as_str()] {
        let found = std::panic::catch_unwind(|| secrets.are_nowhere(&[("here", text)]));
        assert!(found.is_err(), "{text}");
    }
    for user in ["", "a", "ab", "abc"] {
        let text = BASE64_STANDARD.encode(format!("{user}:{secret}!"));
        let found = std::panic::catch_unwind(|| secrets.are_nowhere(&[("here", &text)]));
        assert!(found.is_err(), "{user}");
    }
    secrets.are_nowhere(&[("here", "nothing of it")]);
}
