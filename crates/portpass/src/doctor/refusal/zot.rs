//! zot, which holds one key and looks at the signature and the times: at no id of a key, no chain of
//! certificates, no `iss` and no `aud`.

use super::{Found, Visit};
use crate::{
    doctor::{
        cause::Cause,
        cure::{Cure, export, table},
        report::Report,
    },
    registry::RegistryKind,
    token::Trust,
};

impl Visit<'_> {
    /// What zot would find by its own file.
    pub(super) fn at_zot(&self, trust: &Trust) -> Vec<Found> {
        if trust.has_signed(&self.token.text) {
            return Vec::new();
        }
        vec![self.zots_key("the key in zot's cert did not sign the token")]
    }

    /// All that it can be, without zot's file and log.
    pub(super) fn suspect_zots_key(&self, report: &mut Report) {
        let seen = "zot looks at the signature and the times alone; --registry-config or --registry-log makes it certain";
        let (cause, seen, cure) = self.zots_key(seen);
        report.suspicion(cause, &seen, cure);
    }

    /// The token is signed by another key than zot holds.
    pub(super) fn zots_key(&self, seen: &str) -> Found {
        let ours = self.patient.ours.as_ref();
        let taken_for_another = self
            .patient
            .registry(&self.wanted.service)
            .filter(|registry| registry.kind != RegistryKind::Zot);
        let Some((ours, registry)) = ours.zip(taken_for_another) else {
            return self.bundle(seen);
        };
        let file = ours.path.display().to_string();
        let lines = [
            ("kind", "\"zot\"".to_owned()),
            ("profile", "\"pinned\"".to_owned()),
        ];
        let text = "Say that the registry is a zot, so that it gets a key of its own, which stays; then \
                    give it that key, and start it anew: it reads that once";
        let cure = Cure::of(text)
            .write(
                &file,
                "toml",
                &table(&format!("registry.{}", registry.name), &lines),
            )
            .run(export(self.patient, &self.wanted.service))
            .restart("the registry");
        let seen = format!("{seen}, and {file} takes it for another kind of registry");
        (Cause::RegistryBundle, seen, cure)
    }
}
