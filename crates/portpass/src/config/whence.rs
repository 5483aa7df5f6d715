//! Where the configuration comes from: a file, or the environment.

use std::path::PathBuf;

use super::{Config, ConfigError, environment, load};

/// Where the configuration comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Whence {
    /// The variables of the shim that we stand in for; there is no file.
    Environment,
    /// A file, and what it includes.
    File(PathBuf),
}

impl Whence {
    /// Where it comes from, if there is this file or none: `TOKEN_URL` selects the
    /// environment.
    ///
    /// # Errors
    ///
    /// When it could be either, or neither is there.
    pub fn of(file: Option<PathBuf>) -> Result<Self, NoConfiguration> {
        Self::choose(file, environment::has_token_url())
    }

    fn choose(file: Option<PathBuf>, has_token_url: bool) -> Result<Self, NoConfiguration> {
        match (file, has_token_url) {
            (Some(file), false) => Ok(Self::File(file)),
            (None, true) => Ok(Self::Environment),
            (Some(file), true) => Err(NoConfiguration::Both(file)),
            (None, false) => Err(NoConfiguration::Neither),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// Every fault that can be seen without asking another system.
    pub fn load(&self) -> Result<Config, ConfigError> {
        match self {
            Self::Environment => Config::of_variables(environment::variable),
            Self::File(path) => load(path),
        }
    }
}

/// It is not clear which configuration is meant.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoConfiguration {
    /// A file, and the variable that stands for all of one.
    #[error(
        "TOKEN_URL is set, and there is {}: one of them would be passed over. Unset TOKEN_URL to \
         serve by the file, or take the file away to serve by the variables",
        .0.display()
    )]
    Both(PathBuf),
    /// Nothing at all.
    #[error("there is no configuration")]
    Neither,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_both_must_be_meant() {
        let file = || Some(PathBuf::from("portpass.toml"));
        let chosen = |file, has_token_url| Whence::choose(file, has_token_url);
        assert_eq!(
            chosen(file(), false),
            Ok(Whence::File("portpass.toml".into()))
        );
        assert_eq!(chosen(None, true), Ok(Whence::Environment));
        assert_eq!(chosen(None, false), Err(NoConfiguration::Neither));
        let both = chosen(file(), true).unwrap_err().to_string();
        assert!(
            both.contains("TOKEN_URL") && both.contains("portpass.toml"),
            "{both}"
        );
    }
}
