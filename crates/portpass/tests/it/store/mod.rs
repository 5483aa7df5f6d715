//! The store's contract: every method, on each database that there is.

mod copy;
mod databases;
mod events;
mod housekeeping;
mod noted;
mod opening;
mod operators;
mod provider;
mod replicas;
mod rows;
mod settle;
mod space;
