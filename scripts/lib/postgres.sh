# shellcheck shell=bash
# A PostgreSQL of its own for the tests: in a temporary folder, on a free port, gone at exit.
# Sourced after common.sh and tools.sh. A cluster that the machine runs is not touched.

: "${cache:?}"
postgres_folder=

# Debian keeps the server's programs out of PATH, in a folder for each version.
postgres_programs() {
    local folder
    for folder in /usr/lib/postgresql/*/bin; do
        [ -x "$folder/initdb" ] && printf '%s\n' "$folder"
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

# initdb and the server refuse to run as root.
as_postgres() {
    if is_root; then
        runuser -u postgres -- env PATH="$PATH" "$@"
    else
        "$@"
    fi
}

# Starts a server and exports TEST_POSTGRES_URL, unless that is set already.
start_postgres() {
    [ -z "${TEST_POSTGRES_URL:-}" ] || return 0
    have initdb || return 0
    say "starting PostgreSQL"
    # In /tmp, because the user postgres may not enter where TMPDIR points to.
    postgres_folder=$(mktemp -d /tmp/portpass-postgres.XXXXXX)
    trap stop_postgres EXIT
    if is_root; then chown postgres "$postgres_folder"; fi
    local attempt port
    if as_postgres initdb --pgdata="$postgres_folder/data" --username=postgres --auth=trust \
        --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$cache/postgres.log" 2>&1; then
        # A port that is taken shows only when the server binds it: another one, then.
        for attempt in 1 2 3 4 5; do
            port=$((20000 + (RANDOM + attempt) % 10000))
            if as_postgres pg_ctl --pgdata="$postgres_folder/data" --wait --silent \
                --log="$postgres_folder/log" --options="-p $port -c listen_addresses=127.0.0.1 \
                -c unix_socket_directories=$postgres_folder -c max_connections=200" \
                start >>"$cache/postgres.log" 2>&1; then
                export TEST_POSTGRES_URL=postgres://postgres@127.0.0.1:$port/postgres
                return 0
            fi
        done
    fi
    tail -n 5 "$cache/postgres.log" >&2
    lacks postgresql "a server of its own could not be started, see $cache/postgres.log"
}

# Ends the server that start_postgres started, by its process id.
stop_postgres() {
    [ -n "$postgres_folder" ] || return 0
    local pid_file=$postgres_folder/data/postmaster.pid
    if [ -e "$pid_file" ]; then
        local pid
        pid=$(head -n 1 "$pid_file")
        # SIGINT: it breaks off connections and ends.
        kill -INT "$pid" 2>/dev/null || true
        local tries=100
        while [ $tries -gt 0 ] && kill -0 "$pid" 2>/dev/null; do
            tries=$((tries - 1))
            sleep 0.1
        done
    fi
    rm -rf "$postgres_folder"
    postgres_folder=
}
