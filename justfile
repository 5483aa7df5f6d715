# The verbs people type. `.ci/run` does all of it, in its own order.

# Show this list.
default:
    @just --list

# Format the code.
format:
    cargo fmt --all

# Say what clippy finds.
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# Build the documentation of every crate.
doc:
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps

# Run every test; those that need real registries and clients install them.
test *arguments:
    scripts/test {{ arguments }}

# Write docs/reference anew from the code.
generate:
    scripts/generate

# Show the main job on this machine.
demo *arguments:
    scripts/demo {{ arguments }}

# Build the image FROM scratch.
image *name:
    scripts/image {{ name }}

# Feed the parsers of strangers' text with what libFuzzer makes up.
fuzz *arguments:
    scripts/fuzz {{ arguments }}

# Measure what a token costs, beside the least that it can cost.
bench *arguments:
    scripts/bench {{ arguments }}

# Weigh a million recorded events by two files.
bench-diff *arguments:
    scripts/bench-diff {{ arguments }}

# Compare what a token costs with an empty store and with a full one.
bench-growth *arguments:
    scripts/bench-growth {{ arguments }}

# Everything that must hold before a change lands.
ci:
    .ci/run
