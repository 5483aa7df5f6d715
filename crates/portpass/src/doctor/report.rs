//! What was seen, what is wrong, and what would mend it.

use serde::Serialize;

use super::{cause::Cause, clean::Secrets, cure::Cure, patient::Patient};

/// Everything that one visit found. Whatever is put in is made fit to be shown first.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    url: String,
    healthy: bool,
    examinations: Vec<Examination>,
    findings: Vec<Finding>,
    #[serde(skip)]
    secrets: Secrets,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(crate) struct Examination {
    pub(crate) name: &'static str,
    pub(crate) result: Outcome,
    pub(crate) seen: String,
}

/// How it was found.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Worth knowing.
    Note,
    /// It could not be looked at.
    Skipped,
    /// It does not work.
    Trouble,
    /// As it should be.
    Well,
}

/// Something that is wrong, or will be.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    code: Cause,
    /// Whether nothing else explains what was seen.
    pub(crate) certain: bool,
    /// Whether something does not work, or only may not one day.
    pub(crate) level: Level,
    pub(crate) cause: &'static str,
    pub(crate) seen: String,
    pub(crate) cure: Cure,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    Note,
    Trouble,
}

impl Finding {
    /// The cause's name for programs.
    pub(crate) fn code(&self) -> String {
        let code = serde_json::to_value(self.code).ok();
        let code = code.as_ref().and_then(serde_json::Value::as_str);
        code.unwrap_or_default().to_owned()
    }
}

impl Report {
    /// An empty one, that knows what it must not show.
    pub(super) fn new(patient: &Patient) -> Self {
        let mut secrets = Secrets::default();
        if let Some(login) = &patient.login {
            secrets.add(login.password.expose());
            secrets.add(&login.basic());
        }
        Self {
            url: secrets.line(patient.url.as_str()),
            healthy: true,
            examinations: Vec::new(),
            findings: Vec::new(),
            secrets,
        }
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_healthy(&self) -> bool {
        self.healthy
    }

    /// What was looked at, in order.
    pub(crate) fn examinations(&self) -> &[Examination] {
        &self.examinations
    }

    /// What is wrong, the likeliest first.
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Something that was received and must not be shown.
    pub(super) fn hide(&mut self, secret: &str) {
        self.secrets.add(secret);
    }

    /// Something is as it should be.
    pub(super) fn well(&mut self, name: &'static str, seen: &str) {
        self.examined(name, Outcome::Well, seen);
    }

    /// Something is worth knowing, and no trouble.
    pub(super) fn note(&mut self, name: &'static str, seen: &str) {
        self.examined(name, Outcome::Note, seen);
    }

    /// Something could not be looked at.
    pub(super) fn skipped(&mut self, name: &'static str, why: &str) {
        self.examined(name, Outcome::Skipped, why);
    }

    /// Something does not work, for a cause that is certain.
    pub(super) fn trouble(&mut self, name: &'static str, cause: Cause, seen: &str, cure: Cure) {
        self.examined(name, Outcome::Trouble, seen);
        self.found(cause, true, Level::Trouble, seen, cure);
    }

    /// Something does not work, and this may be why.
    pub(super) fn suspicion(&mut self, cause: Cause, seen: &str, cure: Cure) {
        self.found(cause, false, Level::Trouble, seen, cure);
    }

    /// Something does not work, and a finding that is there already says why.
    pub(super) fn consequence(&mut self, name: &'static str, seen: &str) {
        self.examined(name, Outcome::Trouble, seen);
    }

    /// Something works, and will not always.
    pub(super) fn warning(&mut self, name: &'static str, cause: Cause, seen: &str, cure: Cure) {
        self.examined(name, Outcome::Note, seen);
        self.found(cause, true, Level::Note, seen, cure);
    }

    /// Whether a cause was found for trouble.
    pub(super) fn has(&self, cause: Cause) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.code == cause && finding.level == Level::Trouble)
    }

    fn examined(&mut self, name: &'static str, result: Outcome, seen: &str) {
        let seen = self.secrets.line(seen);
        self.healthy &= result != Outcome::Trouble;
        self.examinations.push(Examination { name, result, seen });
    }

    fn found(&mut self, code: Cause, certain: bool, level: Level, seen: &str, cure: Cure) {
        if self.has(code) {
            return;
        }
        self.healthy &= level != Level::Trouble;
        self.findings.push(Finding {
            code,
            certain,
            level,
            cause: code.words(),
            seen: self.secrets.line(seen),
            cure: cure.shown(&self.secrets),
        });
    }
}
