//! What must hold of the parsers of strangers' text, whatever the text.
//!
//! Each function here takes any bytes and fails where one of its laws does not hold: that what
//! was read reads back, that nothing is given which was not asked, that no message has a secret
//! in it. The targets in `fuzz/` call them with what libFuzzer makes up, and the tests below with
//! all that it found, which is kept in `fuzz/corpus`. The laws of what is private stand in
//! a file `fuzzing` beside it; another target is a function, a line of [`TARGETS`], a file in
//! `fuzz/fuzz_targets` and a folder of inputs.

mod asked;
pub(crate) mod laws;
mod scope;
mod settings;

#[cfg(test)]
mod tests;

pub use self::{scope::scope, settings::toml};
pub use crate::{
    credential::fuzzing::authorization,
    decision::fuzzing::{cel, template},
    http::fuzzing::{form, headers},
    identity::fuzzing::{discovery, jwks, jwt},
    relay::fuzzing::provider,
    token::fuzzing::pem,
};

/// What takes any bytes, and fails where a law does not hold.
pub type Target = fn(&[u8]);

/// Every target, by the name of its files.
pub const TARGETS: [(&str, Target); 12] = [
    ("authorization", authorization),
    ("cel", cel),
    ("discovery", discovery),
    ("form", form),
    ("headers", headers),
    ("jwks", jwks),
    ("jwt", jwt),
    ("pem", pem),
    ("provider", provider),
    ("scope", scope),
    ("template", template),
    ("toml", toml),
];
