//! The reference page of the configuration, from the types' own comments.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::schema;

/// A table of keys in Markdown, for each section of the file.
pub fn page() -> String {
    let schema = Value::from(schema());
    let mut page = Page {
        root: &schema,
        text: String::new(),
    };
    page.write_all();
    page.text
}

/// The page while it is written.
struct Page<'s> {
    root: &'s Value,
    text: String,
}

/// How the text of the page begins.
const HEAD: &str = "\
<!-- Made by scripts/generate from the comments in crates/portpass/src/config. -->

# Configuration

One TOML file, and those that its `include` names. `portpass check` says what is wrong with it. A server
reads it again on SIGHUP, and when it has changed and come to rest; a file that does not load changes nothing.

Paths are relative to the file that names them. Lengths of time are texts such as `\"15m\"`, `\"1h\"` or `\"0s\"`.
For editors there is a [JSON Schema](portpass.schema.json).
";

/// The head of a table of keys.
const COLUMNS: &str = "\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n";

impl<'s> Page<'s> {
    fn write_all(&mut self) {
        self.text.push_str(HEAD);
        self.text.push_str("\n## Top of the file\n");
        self.text.push_str(COLUMNS);
        let sections: Vec<(&'s String, &'s Value)> = Self::properties(self.root).collect();
        for (key, schema) in &sections {
            if !self.is_table(schema) {
                self.write_row(key, schema, self.root);
            }
        }
        for (index, (key, schema)) in sections.iter().enumerate() {
            if self.is_table(schema) {
                let rest = sections.get(index + 1..).unwrap_or_default();
                self.write_section(key, schema, rest);
            }
        }
    }

    /// A heading, what the section is for, and its keys: once, where two
    /// sections have the same.
    fn write_section(&mut self, key: &str, schema: &'s Value, rest: &[(&'s String, &'s Value)]) {
        let element = self.element(schema);
        let name = if element.is_some() { ".NAME" } else { "" };
        self.push(&format!("\n## `[{key}{name}]`\n\n"));
        let own = self.target(element.unwrap_or(schema));
        let same = rest.iter().find(|(_, other)| {
            let other = self.target(self.element(other).unwrap_or(other));
            element.is_some() && std::ptr::eq(own, other)
        });
        self.push(
            &description(schema)
                .or_else(|| description(own))
                .unwrap_or_default(),
        );
        self.push("\n");
        if let Some((other, _)) = same {
            self.push(&format!("\nThe keys are those of `[{other}.NAME]`.\n"));
        } else if own.get("properties").is_some() {
            self.push(COLUMNS);
            self.write_rows("", own);
        }
    }

    fn write_rows(&mut self, prefix: &str, table: &'s Value) {
        let rows: Vec<_> = Self::properties(table).collect();
        for (key, schema) in rows {
            self.write_row(&format!("{prefix}{key}"), schema, table);
            let inner = self.target(schema);
            let items = inner.get("items").map(|items| self.target(items));
            let (below, inner) = match items {
                Some(items) => (format!("{prefix}{key}[]."), items),
                None => (format!("{prefix}{key}."), inner),
            };
            // `when` has the keys of `[match.NAME]`, which are listed there.
            if inner.get("properties").is_some() && key != "when" {
                self.write_rows(&below, inner);
            }
        }
    }

    fn write_row(&mut self, path: &str, schema: &'s Value, table: &'s Value) {
        let key = path.rsplit('.').next().unwrap_or(path);
        let required = table
            .get("required")
            .and_then(Value::as_array)
            .is_some_and(|keys| keys.iter().any(|required| required == key));
        let default = match schema.get("default") {
            _ if required => "required".to_owned(),
            None | Some(Value::Null) => String::new(),
            Some(default) => format!("`{default}`"),
        };
        let meaning = description(schema)
            .or_else(|| description(self.target(schema)))
            .unwrap_or_default();
        let words = self.words(schema);
        let value = self.value(schema);
        self.push(&format!(
            "| `{path}` | {value} | {default} | {}{words} |\n",
            meaning.replace('|', "\\|")
        ));
    }

    /// What kind of value a key takes.
    fn value(&self, schema: &'s Value) -> String {
        let schema = self.target(schema);
        let named = schema.get("type").map(|kind| match kind {
            Value::Array(kinds) => kinds.first().cloned().unwrap_or_default(),
            one => one.clone(),
        });
        match named.as_ref().and_then(Value::as_str) {
            _ if schema.get("title").is_some_and(|title| title == "secret") => {
                "text, or `{ file = \"…\" }`".to_owned()
            }
            Some("boolean") => "`true` or `false`".to_owned(),
            Some("integer") => "whole number".to_owned(),
            Some("array") => {
                let items = schema.get("items").map(|items| self.value(items));
                format!("list of: {}", items.unwrap_or_default())
            }
            Some("object") => "table".to_owned(),
            Some("string")
                if schema
                    .get("format")
                    .is_some_and(|format| format == "duration") =>
            {
                let bounds = schema.get("title").and_then(Value::as_str);
                format!("time, {}", bounds.unwrap_or_default())
            }
            Some("string")
                if schema
                    .get("pattern")
                    .is_some_and(|form| form == "^[0-9]+d$") =>
            {
                let bounds = schema.get("title").and_then(Value::as_str);
                format!("days, {}", bounds.unwrap_or_default())
            }
            Some("string") => "text".to_owned(),
            Some(_) | None if !Self::variants(schema).is_empty() => "word".to_owned(),
            Some(_) | None => {
                let choices = schema.get("anyOf").and_then(Value::as_array);
                let mut last = choices.into_iter().filter_map(|choices| choices.last());
                if last.any(|last| self.is_table(last)) {
                    return "text or table".to_owned();
                }
                match choices.and_then(|choices| choices.first()) {
                    Some(first) if first.get("type").is_some_and(|kind| kind == "boolean") => {
                        self.value(first)
                    }
                    Some(_) | None => "text or list of texts".to_owned(),
                }
            }
        }
    }

    /// The words a key may be set to, each with its meaning.
    fn words(&self, schema: &'s Value) -> String {
        let mut words = String::new();
        for (word, meaning) in Self::variants(self.target(schema)) {
            write!(words, "<br>`{word}`: {meaning}").expect("a string takes every write");
        }
        words
    }

    fn variants(schema: &'s Value) -> Vec<(String, String)> {
        let variants = schema.get("oneOf").and_then(Value::as_array);
        variants
            .into_iter()
            .flatten()
            .filter_map(|variant| {
                let word = variant.get("const")?.to_string();
                Some((word, description(variant).unwrap_or_default()))
            })
            .collect()
    }

    /// The schema of a named section's tables.
    fn element(&self, schema: &'s Value) -> Option<&'s Value> {
        let schema = self.target(schema);
        schema
            .get("additionalProperties")
            .filter(|element| element.is_object())
    }

    fn is_table(&self, schema: &'s Value) -> bool {
        let schema = self.target(schema);
        schema.get("properties").is_some()
            || schema.get("type").is_some_and(|kind| kind == "object")
    }

    /// The schema itself, where it is a reference or may be left out.
    fn target(&self, schema: &'s Value) -> &'s Value {
        if let Some(Value::String(reference)) = schema.get("$ref") {
            let name = reference.rsplit('/').next().unwrap_or_default();
            return self
                .root
                .get("$defs")
                .and_then(|definitions| definitions.get(name))
                .unwrap_or(schema);
        }
        let choices = schema.get("anyOf").and_then(Value::as_array);
        match choices.map(Vec::as_slice) {
            Some([one, null]) if null.get("type").is_some_and(|kind| kind == "null") => {
                self.target(one)
            }
            _ => schema,
        }
    }

    fn properties(table: &'s Value) -> impl Iterator<Item = (&'s String, &'s Value)> + use<'s> {
        let properties = table.get("properties").and_then(Value::as_object);
        properties.into_iter().flat_map(Map::iter)
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }
}

/// A schema's own words, on one line.
fn description(schema: &Value) -> Option<String> {
    let text = schema.get("description")?.as_str()?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_says_what_it_takes() {
        let page = page();
        for row in [
            "| `fork` | `true` or `false` |",
            "| `ref_protected` | `true` or `false` |",
            "| `event` | text or list of texts |",
        ] {
            assert!(page.contains(row), "{row}");
        }
    }
}
