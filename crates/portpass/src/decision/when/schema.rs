//! The JSON Schema of a `when`, for editors.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::When;
use crate::{
    decision::vocabulary::{self, Kind},
    identity::Fact,
};

impl JsonSchema for When {
    fn schema_name() -> Cow<'static, str> {
        "When".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut properties = Map::new();
        let names = json!({ "type": "string" });
        properties.insert(
            "match".to_owned(),
            json!({
                "description": "named conditions, of which one must be met",
                "anyOf": [names, { "type": "array", "items": names, "minItems": 1 }],
            }),
        );
        for fact in Fact::ALL {
            let mut schema = wanted_schema(fact);
            schema.push(json!({
                "type": "object",
                "properties": { "not": { "anyOf": wanted_schema(fact) } },
                "required": ["not"],
                "additionalProperties": false,
            }));
            properties.insert(
                fact.name().to_owned(),
                json!({ "description": fact.doc(), "anyOf": schema }),
            );
        }
        json_schema!({
            "description": "What the caller's facts must be. Fields AND, lists OR.",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

/// The forms of what a fact is compared with.
fn wanted_schema(fact: Fact) -> Vec<Value> {
    match vocabulary::kind(fact) {
        Kind::Flag => vec![json!({ "type": "boolean" })],
        Kind::Id | Kind::List | Kind::Text | Kind::Word(_) => vec![
            json!({ "type": "string" }),
            json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }),
        ],
    }
}
