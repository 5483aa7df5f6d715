//! What strangers can send, case by case: each test is one threat.
//!
//! A case is named after its number and what must be so. It goes through a real
//! socket, and of each request it looks at four things: the answer, the event,
//! the log at its most talkative, and whom the server asked. `stage` plays it,
//! `outcome` judges it; another case is another test in the file of its noun,
//! and a line in the table of SECURITY.md, which `named` compares.

mod forge;
mod log;
mod outcome;
mod platform;
mod secrets;
mod setting;
mod stage;
mod wire;

mod algorithm;
mod audience;
mod credential;
mod doors;
mod file;
mod injection;
mod issuer;
mod json;
mod keys;
mod malleable;
mod named;
mod names;
mod oracle;
mod proxy;
mod replay;
mod rules;
mod runs;
mod scope;
mod session;
mod shapes;
mod tenant;
mod times;
mod traces;
mod workflow;
