//! What is asked, over and over: the ways in which a caller shows who they are.

use anyhow::{Context as _, Result};
use bench::{
    jobs::Jwt,
    requests::{present, refresh},
};
use clap::ValueEnum;
use serde_json::Value;

use crate::load::Load;

/// What clients present.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Mix {
    /// A new JWT in every request: each opens a session.
    NewJwt,
    /// One job's JWT, presented many times.
    OneJwt,
    /// One job's refresh token, used many times.
    RefreshToken,
}

impl Mix {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::NewJwt, Self::OneJwt, Self::RefreshToken];

    /// The word for it in what is printed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NewJwt => "new-jwt",
            Self::OneJwt => "one-jwt",
            Self::RefreshToken => "refresh-token",
        }
    }

    /// The requests of a run of `count`, written out.
    ///
    /// Every job has asked once before the run begins: the first push of a repository, which
    /// claims its namespace, is none of those that are counted.
    pub(crate) fn prepare<'a>(
        self,
        load: &Load,
        unused: &mut impl Iterator<Item = &'a Jwt>,
        jobs: usize,
        count: usize,
    ) -> Result<Vec<Vec<u8>>> {
        let warm: Vec<_> = unused.take(jobs).map(|jwt| present(jwt, false)).collect();
        load.send(&warm, warm.len())?;
        let mut next = || unused.next().context("too few JWTs were signed");
        Ok(match self {
            Self::NewJwt => (0..count)
                .map(|_| Ok(present(next()?, false)))
                .collect::<Result<_>>()?,
            Self::OneJwt => vec![present(next()?, false)],
            Self::RefreshToken => {
                let jwt = next()?;
                let answer = load.ask(&present(jwt, true))?;
                let answer: Value = serde_json::from_slice(&answer.body)?;
                let secret = answer.get("refresh_token").and_then(Value::as_str);
                vec![refresh(jwt, secret.context("no refresh token was given")?)]
            }
        })
    }
}
