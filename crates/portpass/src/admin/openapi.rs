//! The `OpenAPI` document, made from the table of routes.

use schemars::{JsonSchema as _, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    Verb,
    routes::{Answers, Route, routes},
};

/// What stands before the routes.
const DESCRIPTION: &str = "What operators ask of a running Portpass. The Unix socket of `[admin] socket` serves it to the \
user that Portpass runs as, and `[admin] listen`, where it is set, to the holders of `[admin] tokens`.";

/// The document about the admin API (`OpenAPI` 3.1).
pub fn document() -> Value {
    let mut asked = generator(SchemaSettings::for_deserialize);
    let mut answered = generator(SchemaSettings::for_serialize);
    let mut paths = Map::new();
    for route in routes() {
        let operation = operation(&route, &mut asked, &mut answered);
        let verb = match route.verb {
            Verb::Delete => "delete",
            Verb::Get => "get",
            Verb::Post => "post",
        };
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(verb.to_owned(), operation);
        }
    }
    let mut schemas = asked.take_definitions(true);
    schemas.append(&mut answered.take_definitions(true));
    schemas.sort_keys();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Portpass admin API",
            "description": DESCRIPTION,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "version": env!("CARGO_PKG_VERSION"),
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "One of `[admin] tokens`; the Unix socket asks for none.",
            } },
            "schemas": schemas,
        },
    })
}

fn generator(contract: impl FnOnce(SchemaSettings) -> SchemaSettings) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    contract(settings).into_generator()
}

fn operation(route: &Route, asked: &mut SchemaGenerator, answered: &mut SchemaGenerator) -> Value {
    let question = (route.question)(asked);
    let mut operation = Map::new();
    operation.insert("operationId".to_owned(), json!(route.name));
    operation.insert("summary".to_owned(), json!(route.summary));
    let (parameters, rest) = take_apart(route, question);
    if !parameters.is_empty() {
        operation.insert("parameters".to_owned(), json!(parameters));
    }
    if let Some(body) = rest {
        let content = json!({ "application/json": { "schema": body } });
        let body = json!({ "required": true, "content": content });
        operation.insert("requestBody".to_owned(), body);
    }
    let (kind, answer) = match route.answer {
        Answers::Json(answer) => ("application/json", answer(answered)),
        Answers::Lines => ("application/x-ndjson", String::json_schema(answered)),
        Answers::Document => ("application/json", Schema::default()),
    };
    let responses = json!({
        "200": { "description": "Done.", "content": { kind: { "schema": answer } } },
        "default": {
            "description": "Not done, and why: 400 not readable, 401 no operator, 404 nothing like it, \
                            422 not possible, 429 too many attempts, 503 something failed.",
            "content": { "application/json": { "schema": {
                "type": "object",
                "properties": { "error": { "type": "string" } },
                "required": ["error"],
            } } },
        },
    });
    operation.insert("responses".to_owned(), responses);
    Value::Object(operation)
}

/// The parameters of the path and the query, and the body, if it has one.
fn take_apart(route: &Route, question: Schema) -> (Vec<Value>, Option<Value>) {
    let mut question = question.to_value();
    let required: Vec<String> = question
        .get("required")
        .and_then(Value::as_array)
        .map(|names| {
            names
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default();
    let is_in_path = |name: &str| route.path.contains(&format!("{{{name}}}"));
    let goes_apart = |name: &str| is_in_path(name) || route.verb != Verb::Post;
    let mut parameters = Vec::new();
    if let Some(fields) = question
        .get_mut("properties")
        .and_then(Value::as_object_mut)
    {
        let names: Vec<String> = fields
            .keys()
            .filter(|name| goes_apart(name))
            .cloned()
            .collect();
        for name in names {
            let mut schema = fields.shift_remove(&name).unwrap_or_default();
            let description = schema
                .as_object_mut()
                .and_then(|it| it.shift_remove("description"));
            parameters.push(json!({
                "name": name,
                "in": if is_in_path(&name) { "path" } else { "query" },
                "required": required.contains(&name),
                "description": description,
                "schema": schema,
            }));
        }
    }
    if route.verb != Verb::Post {
        return (parameters, None);
    }
    let fields = question.get("properties").and_then(Value::as_object);
    if question.get("oneOf").is_none() && fields.is_none_or(Map::is_empty) {
        return (parameters, None);
    }
    if let Some(names) = question.get_mut("required").and_then(Value::as_array_mut) {
        names.retain(|name| name.as_str().is_none_or(|name| !is_in_path(name)));
    }
    if let Some(root) = question.as_object_mut() {
        root.shift_remove("title");
    }
    (parameters, Some(question))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let text = document.to_string();
        let mut found = 0;
        for part in text.split(r##""$ref":"#"##).skip(1) {
            let pointer = part.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
            found += 1;
        }
        assert!(found > 10, "{found}");
    }

    #[test]
    fn every_field_of_a_path_is_a_parameter() {
        let document = document();
        for (path, operations) in document["paths"].as_object().unwrap() {
            let names: Vec<&str> = path
                .split('{')
                .skip(1)
                .map(|part| part.split('}').next().unwrap())
                .collect();
            for (verb, operation) in operations.as_object().unwrap() {
                let parameters = operation.get("parameters").and_then(Value::as_array);
                let in_path: Vec<&str> = parameters
                    .into_iter()
                    .flatten()
                    .filter(|parameter| parameter["in"] == "path")
                    .map(|parameter| parameter["name"].as_str().unwrap())
                    .collect();
                assert_eq!(in_path, names, "{verb} {path}");
            }
        }
    }

    #[test]
    fn each_operation_has_a_name_of_its_own() {
        let mut names: Vec<_> = routes().into_iter().map(|route| route.name).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
