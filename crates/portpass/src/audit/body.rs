//! The body of an event, while it is written: a JSON object, member by member.
//!
//! A token's has a hundred values. They go straight into the text that the
//! table keeps; a tree of them would cost more than everything else that an
//! event does to its request.

use serde::Serialize;

/// As long as most are, with room.
const USUAL_BYTES: usize = 2048;

/// A JSON object that grows; whoever writes a member twice would read it twice.
#[derive(Debug)]
pub(super) struct Body(Vec<u8>);

impl Body {
    /// An object without members.
    pub(super) fn new() -> Self {
        let mut text = Vec::with_capacity(USUAL_BYTES);
        text.push(b'{');
        Self(text)
    }

    /// Adds a member, whose name needs no escapes.
    pub(super) fn insert(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) {
        self.begin(name);
        let written = serde_json::to_writer(&mut self.0, value);
        written.expect("what events tell are texts, numbers, lists and maps by texts");
    }

    /// Adds a member that is JSON already.
    pub(super) fn insert_json(&mut self, name: &'static str, json: &str) {
        self.begin(name);
        self.0.extend_from_slice(json.as_bytes());
    }

    fn begin(&mut self, name: &'static str) {
        let before: &[u8] = if self.0.len() > 1 { b",\"" } else { b"\"" };
        for part in [before, name.as_bytes(), b"\":"] {
            self.0.extend_from_slice(part);
        }
    }

    /// The whole text.
    pub(super) fn into_text(mut self) -> String {
        self.0.push(b'}');
        String::from_utf8(self.0).expect("JSON is written in UTF-8")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_in_the_order_in_which_they_were_added() {
        let mut body = Body::new();
        body.insert("name", "acme/\"web\"");
        body.insert("uses", &3);
        body.insert("access", &["pull", "push"]);
        body.insert_json("facts", "{}");
        assert_eq!(
            body.into_text(),
            r#"{"name":"acme/\"web\"","uses":3,"access":["pull","push"],"facts":{}}"#
        );
        assert_eq!(Body::new().into_text(), "{}");
    }
}
