//! The store's contract: every method, on each database that there is.

mod copy;
mod databases;
mod events;
mod housekeeping;
mod opening;
mod operators;
mod replicas;
mod rows;
mod settle;
mod space;
