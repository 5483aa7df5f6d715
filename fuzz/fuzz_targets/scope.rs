//! `portpass::fuzzing::scope`, with bytes that libFuzzer makes up.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| portpass::fuzzing::scope(bytes));
