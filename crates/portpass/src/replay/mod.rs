//! What a change of the rules would change: for fixtures, and for what was recorded.
//!
//! ```text
//! lines, rows → Recorded → Case → weigh (both sides, each Scenario) → Tally → report
//! ```
//!
//! Whatever events say, memory does not grow with them: they are read in batches,
//! and counted in groups of which there are not more than there is room for.

mod case;
mod change;
mod fixture;
mod lines;
mod pair;
mod recorded;
mod remarks;
mod scenario;
mod shadow;
mod side;
mod tally;
#[cfg(test)]
mod tests;
mod weigh;
mod workers;

pub use self::{
    change::{Action, Actions, Change},
    fixture::{Situation, Trials},
    lines::Lines,
    pair::Pair,
    shadow::{Seen, Shadowed},
    side::Side,
    tally::{Counts, Found, Group, Groups, Tally},
    workers::{Batch, Feed, replay},
};
