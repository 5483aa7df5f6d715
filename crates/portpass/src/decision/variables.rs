//! What a `cel` expression sees of one request: facts and claims in CEL's types.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::Arc,
};

use cel::{
    Context, Env, Value,
    objects::{Key, Map},
};
use serde_json::Value as Json;

use super::{Caller, cel::NamedClaims};
use crate::identity::FactValue;

/// The longest list that an expression is given: two loops over it are as many
/// steps as a request may take. What names a longer one cannot be evaluated.
const LONGEST_LIST: usize = 256;

/// CEL's standard functions, set up once for all expressions.
#[derive(Clone)]
pub(super) struct Environment(pub(super) Arc<Env>);

impl Environment {
    pub(super) fn new() -> Self {
        Self(Arc::new(Env::stdlib().with_optional_support(false)))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

/// What expressions see of one request.
pub(super) struct Variables<'p> {
    pub(super) context: Context<'p, 'p>,
    /// The claims that are too long to be given.
    withheld: BTreeSet<String>,
    /// Whether some fact is too long to be given.
    withholds_facts: bool,
}

impl Variables<'_> {
    pub(super) fn new(environment: &Environment, caller: Caller<'_>, registry: &str) -> Self {
        let mut context = Context::with_env(Arc::clone(&environment.0));
        let issuer = ("issuer".into(), caller.identity().issuer().into());
        let is_long = |value: &FactValue| matches!(value, FactValue::List(texts) if texts.len() > LONGEST_LIST);
        let facts = caller.facts().iter();
        let facts = facts.map(|(fact, value)| (fact.name().into(), fact_value(value)));
        let mut withheld = BTreeSet::new();
        let claims = caller.claims().iter().filter_map(|(name, value)| {
            let value = json_value(value);
            if value.is_none() {
                withheld.insert(name.clone());
            }
            Some((name.as_str().into(), value?))
        });
        context.add_variable_from_value("claims", map(claims));
        context.add_variable_from_value("facts", map(facts.chain([issuer])));
        context.add_variable_from_value("registry", registry);
        Self {
            context,
            withheld,
            withholds_facts: caller.facts().iter().any(|(_, value)| is_long(value)),
        }
    }

    /// Whether something is missing here that an expression could see.
    pub(super) fn withholds(&self, claims: &NamedClaims) -> bool {
        self.withholds_facts
            || match claims {
                NamedClaims::All => !self.withheld.is_empty(),
                NamedClaims::Some(names) => !self.withheld.is_disjoint(names),
            }
    }
}

fn map(members: impl Iterator<Item = (Key, Value)>) -> Value {
    let members: HashMap<Key, Value> = members.collect();
    Value::Map(Map {
        map: Arc::new(members),
    })
}

fn fact_value(value: &FactValue) -> Value {
    match value {
        FactValue::Flag(flag) => Value::Bool(*flag),
        FactValue::List(texts) => Value::List(Arc::new(
            texts.iter().map(|text| text.as_str().into()).collect(),
        )),
        FactValue::Text(text) => text.as_str().into(),
    }
}

/// A JSON value in CEL's types; `None` where a list in it is too long.
fn json_value(value: &Json) -> Option<Value> {
    Some(match value {
        Json::Array(values) if values.len() > LONGEST_LIST => return None,
        Json::Array(values) => {
            let values: Option<Vec<_>> = values.iter().map(json_value).collect();
            Value::List(Arc::new(values?))
        }
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Null => Value::Null,
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::Int(number),
            (None, Some(number)) => Value::UInt(number),
            (None, None) => Value::Float(number.as_f64()?),
        },
        Json::Object(object) if object.len() > LONGEST_LIST => return None,
        Json::Object(object) => {
            let members = object.iter();
            let members =
                members.map(|(name, value)| Some((name.as_str().into(), json_value(value)?)));
            map(members.collect::<Option<Vec<_>>>()?.into_iter())
        }
        Json::String(text) => text.as_str().into(),
    })
}
