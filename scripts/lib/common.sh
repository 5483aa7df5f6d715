# shellcheck shell=bash
# What every script shares: where things are, how they speak, where builds go.
# Sourced, never run. Sets `root`, `cache` and PATH.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${PORTPASS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/portpass}
mkdir -p "$cache/bin"
export PORTPASS_CACHE=$cache
export PATH="$cache/bin:$PATH"

# Progress goes to standard error, so that standard output stays a script's answer.
say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
note() { printf '    %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# True where a missing tool is a failure and not a reason to skip a test.
in_ci() { [ "${CI:-}" = true ]; }

# The workspace's binary of this name, built if it is not current; prints its path.
built() {
    local package=$1 target=${CARGO_TARGET_DIR:-$root/target}
    (cd "$root" && cargo build --quiet --locked --package "$package" --bin "$package") >&2 ||
        die "building $package failed"
    printf '%s/debug/%s\n' "$target" "$package"
}
