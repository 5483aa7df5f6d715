//! `[test.*]`: what the rules must say of a fixture.

mod asked;
mod fixture;

use std::{borrow::Cow, collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{
        self,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

use self::fixture::FixtureSection;
use super::{Located, Place, names, read::Reading};
use crate::{
    decision::{GroupSource, Owners},
    identity::IssuerSettings,
    trial::{Expected, TestProof, TestSource},
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
    owners: BTreeMap<String, OwnerSection>,
    /// Who asks: `"anonymous"`, or the bearer of a fixture (`portpass fixtures` lists them), with
    /// claims set or removed, in groups that operators keep.
    /// Example: `{ issuer = "github", fixture = "push-main", set = { repository_owner_id = "999" } }`.
    proof: Located<ProofSection>,
    /// The registry that is asked for; required once there are two.
    registry: Option<Located<String>>,
}

/// Who owns a name: an issuer's name and an immutable id.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OwnerSection {
    /// The id that owns the name: a repository's, or an owner's.
    id: String,
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
            (Some(registry), _) => Some(registry.value),
            (None, [only]) => Some(only.clone()),
            (None, []) => None,
            (None, several) => {
                let listed = several.join("`, `");
                let message = format!("`registry` is missing, and there are several: `{listed}`");
                reading.fault(at, message);
                None
            }
        };
        let ask = asked::settle(reading, &self.ask);
        let expect = match (self.expect.value, &ask) {
            (ExpectSection::Word(expected), _) => Some(expected),
            (ExpectSection::Scopes(listed), ask) => {
                let expected = asked::settle(reading, &listed);
                if let Some(ask) = ask {
                    asked::check_within(reading, &listed, ask, self.expect.at);
                }
                expected.map(Expected::Exactly)
            }
        };
        let proof = match self.proof.value {
            ProofSection::Anonymous => TestProof::Anonymous,
            ProofSection::Fixture(fixture) => TestProof::Fixture(fixture.settle(known, reading)),
        };
        let mut owners = Owners::new();
        for (name, owner) in self.owners {
            names::refer(reading, "issuer", [&owner.issuer], known.issuer_names);
            owners.insert(name, (owner.issuer.value.into(), owner.id.into()));
        }
        Some(TestSource {
            name,
            at,
            registry: registry?,
            proof,
            ask: ask?,
            expect: expect?,
            expect_at: self.expect.at,
            owners,
            because: self.because,
        })
    }
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
                word.map_err(|_unknown| E::unknown_variant(text, &Expected::WORDS))
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
