//! Logs: set up once, in one of two forms.

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::config::{LogFormat, LogLevel, LogSettings};

/// Sends logs to the standard error: our own lines down to the level that is
/// set, of the libraries only warnings.
///
/// # Errors
///
/// When logs were set up before.
pub fn set_up(settings: &LogSettings) -> anyhow::Result<()> {
    let level = match settings.level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    let filter = EnvFilter::try_new(format!("warn,portpass={level}"))?;
    let layer = fmt::layer()
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(filter);
    match settings.format {
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init()?,
        LogFormat::Readable => registry.with(layer.with_target(false)).try_init()?,
    }
    Ok(())
}
