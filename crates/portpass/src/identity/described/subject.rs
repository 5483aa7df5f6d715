//! From claims to a subject, as a platform's description says.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Described,
    description::{Expected, Must},
};
use crate::identity::{
    Fact, Facts,
    claims::{ClaimFault, Claims},
    code_host,
    kind::{Reading, Subject},
};

impl Described {
    /// Whom the claims are about. What is not described is never a fact.
    pub(in crate::identity) fn subject(
        self,
        claims: &Claims,
        reading: &Reading<'_>,
    ) -> Result<Subject, ClaimFault> {
        let file = &self.0.file;
        for required in &file.required {
            let name = required.claim.text();
            let word = required.word(claims).ok_or(ClaimFault::Missing(name))?;
            if !required.form.fits(&word) {
                return Err(ClaimFault::Form(name));
            }
        }
        for must in &file.must {
            must.check(claims)?;
        }
        let parts: Vec<String> = file
            .identity
            .id
            .iter()
            .filter_map(|claim| claim.word(claims))
            .collect();
        let id: Arc<str> = parts.join("/").into();
        let mut names = file.identity.name.iter();
        Ok(Subject {
            name: names
                .find_map(|name| name.of(claims))
                .map_or_else(|| Arc::clone(&id), Arc::from),
            id,
            facts: self.read_facts(claims, reading),
        })
    }

    fn read_facts(self, claims: &Claims, reading: &Reading<'_>) -> Facts {
        let file = &self.0.file;
        let mut facts = Facts::default();
        for (&fact, source) in &file.facts {
            let value = source.of(claims);
            if fact == Fact::Ref {
                code_host::set_ref(&mut facts, value.as_deref(), None);
            } else {
                facts.set_text(fact, value);
            }
        }
        let run_url = file.run_url.as_ref();
        facts.set_text(
            Fact::RunUrl,
            run_url.and_then(|url| url.address(claims, reading.web)),
        );
        facts
    }
}

impl Must {
    fn check(&'static self, claims: &Claims) -> Result<(), ClaimFault> {
        let concerns = self
            .with
            .as_ref()
            .is_none_or(|with| with.value(claims).is_some());
        let value = self.claim.value(claims);
        let text = value.and_then(Value::as_str);
        let holds = match &self.be {
            Expected::Absent => value.is_none(),
            Expected::EndingIn(end) => text.is_some_and(|text| text.ends_with(end.as_str())),
            Expected::Flag(flag) => value.and_then(Value::as_bool) == Some(*flag),
            Expected::Text(expected) => text == Some(expected),
        };
        if holds || !concerns {
            Ok(())
        } else {
            Err(ClaimFault::Refused(&self.because))
        }
    }
}
