//! `portpass::fuzzing::toml`, with bytes that libFuzzer makes up.
#![no_main]

libfuzzer_sys::fuzz_target!(
    // What the library of expressions panics on is caught where it is called; what is not
    // caught there still ends the run.
    init: drop(std::panic::take_hook()),
    |bytes: &[u8]| portpass::fuzzing::toml(bytes)
);
