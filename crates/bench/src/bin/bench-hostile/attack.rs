//! The ways of being a nuisance.

use std::net::Ipv4Addr;

use clap::ValueEnum;

/// What hostile callers do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Attack {
    /// One valid JWT, presented at full speed.
    Identity,
    /// JWTs that prove nobody, made up at full speed.
    Junk,
    /// Eight thousand connections that send a byte a minute.
    Slow,
}

impl Attack {
    /// All of them, in the order in which they are tried.
    pub(crate) const ALL: [Self; 3] = [Self::Slow, Self::Junk, Self::Identity];

    /// The word for it in arguments and in what is printed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Junk => "junk",
            Self::Slow => "slow",
        }
    }

    /// Where it comes from; honest callers come from 127.0.0.1.
    pub(crate) fn address(self) -> Ipv4Addr {
        let last = match self {
            Self::Slow => 2,
            Self::Junk => 3,
            Self::Identity => 4,
        };
        Ipv4Addr::new(127, 0, 0, last)
    }
}
