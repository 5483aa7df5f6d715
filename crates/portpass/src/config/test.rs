//! `[test.*]`: what the rules must say of a fixture.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use scope::Scopes;
use serde::{
    Deserialize, Deserializer,
    de::{
        self,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use serde_json::Value;

use super::{Fault, Located, Place, group::check_id, names, read::Reading, suggest};
use crate::{
    decision::{GroupSource, Owners},
    identity::IssuerSettings,
    trial::{Expected, FixtureOrder, TestProof, TestSource},
};

/// What must come of what somebody asks. `portpass test` runs them all, and no configuration is
/// served whose tests fail.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestSection {
    /// The scopes that are asked for, as clients send them; none is a login.
    /// Example: `["repository:apps/github/acme/web:pull,push"]`.
    ask: Vec<Located<String>>,
    /// Why it must be so: shown where the test fails.
    because: Option<String>,
    /// What must come of it: `"granted"` is all that is asked for, a list of scopes is exactly
    /// those, and `"refused"` is nothing, by whichever stage, or `"refused at jwt"` (the JWT
    /// itself), `"refused at pin"` (the tenant), `"refused at rules"` (no rule gives it),
    /// `"refused at deny"` (a deny takes it). Example: `"refused at pin"`.
    expect: Located<ExpectSection>,
    /// Names that have an owner already, who pushed to them first.
    /// Example: `{ "apps/github/acme/web" = { issuer = "github", id = "9" } }`.
    #[serde(default)]
    owners: BTreeMap<Located<String>, OwnerSection>,
    /// Who asks: `"anonymous"`, or the bearer of a fixture (`portpass fixtures` lists them), with
    /// claims set or removed, in groups that operators keep.
    /// Example: `{ issuer = "github", fixture = "push-main", set = { repository_owner_id = "999" } }`.
    proof: Located<ProofSection>,
    /// The registry that is asked for; required once there are two.
    registry: Option<Located<String>>,
}

/// A fixture, and what is different in it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FixtureSection {
    /// The situation, as `portpass fixtures` lists them; the platform's usual one, if not named.
    fixture: Option<Located<String>>,
    /// The operators' groups that the identity is in.
    #[serde(default)]
    groups: Vec<Located<String>>,
    /// The name of the issuer; the fixtures are its kind's.
    issuer: Located<String>,
    /// Claims that are taken away.
    #[serde(default)]
    remove: Vec<Located<String>>,
    /// Claims to set, by their names or the rules' words; those that depend on them follow.
    #[serde(default)]
    set: BTreeMap<Located<String>, Located<Value>>,
}

/// An identity: an issuer's name and the immutable id it vouches for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OwnerSection {
    /// The id: a repository's, an owner's, whatever the name stands for.
    id: Located<String>,
    /// The name of the issuer.
    issuer: Located<String>,
}

/// `"anonymous"`, or a fixture.
#[derive(Debug)]
enum ProofSection {
    Anonymous,
    Fixture(FixtureSection),
}

/// One of the words, or a list of scopes.
#[derive(Debug)]
enum ExpectSection {
    Scopes(Vec<Located<String>>),
    Word(Expected),
}

/// What the names in tests can stand for.
pub(super) struct Known<'k> {
    pub(super) issuers: &'k [IssuerSettings],
    pub(super) issuer_names: &'k [String],
    pub(super) groups: &'k BTreeMap<String, GroupSource>,
    pub(super) group_names: &'k [String],
    pub(super) registries: &'k [String],
}

/// Takes all tests.
pub(super) fn settle(reading: &mut Reading<'_>, known: &Known<'_>) -> Vec<TestSource> {
    let mut tests = Vec::new();
    for table in reading.named::<TestSection>("test") {
        names::check(reading, "test", &table.name, table.at);
        if let Some(section) = table.value {
            tests.extend(section.settle(table.name, table.at, known, reading));
        }
    }
    tests
}

impl TestSection {
    fn settle(
        self,
        name: String,
        at: Place,
        known: &Known<'_>,
        reading: &mut Reading<'_>,
    ) -> Option<TestSource> {
        names::refer(reading, "registry", &self.registry, known.registries);
        let registry = match (self.registry, known.registries) {
            (Some(registry), _) => registry.value,
            (None, [only]) => only.clone(),
            (None, registries) => {
                let message = format!(
                    "`registry` is missing, and there is more than one: {}",
                    registries.join(", ")
                );
                reading.fault(at, message);
                return None;
            }
        };
        let ask = scopes(reading, &self.ask)?;
        let expect = match self.expect.value {
            ExpectSection::Word(expected) => expected,
            ExpectSection::Scopes(listed) => Expected::Exactly(scopes(reading, &listed)?),
        };
        let proof = match self.proof.value {
            ProofSection::Anonymous => TestProof::Anonymous,
            ProofSection::Fixture(fixture) => TestProof::Fixture(fixture.settle(known, reading)),
        };
        Some(TestSource {
            name,
            at,
            registry,
            proof,
            ask,
            expect,
            expect_at: self.expect.at,
            owners: owners(reading, self.owners, known),
            because: self.because,
        })
    }
}

impl FixtureSection {
    fn settle(self, known: &Known<'_>, reading: &mut Reading<'_>) -> FixtureOrder {
        names::refer(reading, "issuer", [&self.issuer], known.issuer_names);
        FixtureOrder {
            issuer: self.issuer.value,
            fixture: self.fixture.map(|fixture| fixture.value),
            set: self
                .set
                .into_iter()
                .map(|(claim, value)| (claim.value, value.value))
                .collect(),
            remove: self.remove.into_iter().map(|claim| claim.value).collect(),
            groups: self.groups.into_iter().map(|group| group.value).collect(),
        }
    }
}

/// The scopes that some texts are; none, with a fault at each that is none.
fn scopes(reading: &mut Reading<'_>, texts: &[Located<String>]) -> Option<Scopes> {
    Scopes::parse(texts.iter().map(|text| text.value.as_str())).ok()
}

/// The owners of names.
fn owners(
    reading: &mut Reading<'_>,
    listed: BTreeMap<Located<String>, OwnerSection>,
    known: &Known<'_>,
) -> Owners {
    let mut owners = Owners::new();
    for (name, owner) in listed {
        names::refer(reading, "issuer", [&owner.issuer], known.issuer_names);
        owners.insert(name.value, (owner.issuer.value, owner.id.value));
    }
    owners
}

impl<'de> Deserialize<'de> for ProofSection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = ProofSection;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`{ issuer = \"…\", fixture = \"…\" }`, or \"anonymous\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                match text {
                    "anonymous" => Ok(ProofSection::Anonymous),
                    other => Err(E::unknown_variant(other, &["anonymous"])),
                }
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                FixtureSection::deserialize(MapAccessDeserializer::new(map))
                    .map(ProofSection::Fixture)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl<'de> Deserialize<'de> for ExpectSection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = ExpectSection;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"granted\", \"refused\", or a list of scopes")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                let word = text.parse().map(ExpectSection::Word);
                word.map_err(|_| E::unknown_variant(text, &Expected::WORDS))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(ExpectSection::Scopes)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for ProofSection {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TestProof".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let fixture = generator.subschema_for::<FixtureSection>();
        json_schema!({ "title": "proof", "anyOf": [{ "const": "anonymous" }, fixture] })
    }
}

impl JsonSchema for ExpectSection {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TestExpect".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "title": "expectation", "anyOf": [
            { "enum": Expected::WORDS },
            { "type": "array", "items": { "type": "string" } },
        ] })
    }
}
