//! What a registry's operator can show beside what a client sees: its configuration and its log.

mod log;
mod settings;

pub(super) use self::log::Said;
pub(crate) use self::{log::Log, settings::Settings};
