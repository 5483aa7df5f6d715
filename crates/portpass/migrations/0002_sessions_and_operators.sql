-- Logins that outlive their JWT, what operators decide at run time, and who
-- was seen. Times are milliseconds since 1970.

-- The lowest number of a migration that a Portpass must know to work with
-- this database: whoever knows fewer refuses it.
CREATE TABLE compatibility (
    only_row   BIGINT NOT NULL PRIMARY KEY,
    needs_at_least BIGINT NOT NULL
);
INSERT INTO compatibility (only_row, needs_at_least) VALUES (1, 2);

-- A decision is looked up by who was told it. Tokens' events are most, and would each
-- change a page of the index somewhere: with a million of them, a third of what writing costs.
DROP INDEX events_decision;
CREATE INDEX events_decision ON events (decision) WHERE kind <> 'token';

-- Counts operators' changes, so that replicas see that there are some.
CREATE TABLE revision (
    only_row BIGINT NOT NULL PRIMARY KEY,
    number   BIGINT NOT NULL
);
INSERT INTO revision (only_row, number) VALUES (1, 0);

-- A login that may outlive its JWT.
CREATE TABLE sessions (
    login         TEXT   NOT NULL PRIMARY KEY,
    issuer        TEXT   NOT NULL,
    identity      TEXT   NOT NULL,
    name          TEXT   NOT NULL,
    run           TEXT,                     -- the fact `run_id`
    binding       TEXT   NOT NULL,          -- of the issuer, when it was opened
    signing_key   TEXT   NOT NULL,          -- the issuer's key that signed the JWT
    issued_ms     BIGINT NOT NULL,          -- the JWT's `iat`
    expires_ms    BIGINT NOT NULL,          -- the JWT's `exp`
    opened_ms     BIGINT NOT NULL,
    ends_ms       BIGINT NOT NULL,          -- the cap, as it was when it was opened
    prune_ms      BIGINT NOT NULL,          -- when the row may go
    last_used_ms  BIGINT NOT NULL,
    uses          BIGINT NOT NULL,
    networks      TEXT   NOT NULL,          -- JSON: those it was used from, first first
    claims        TEXT   NOT NULL           -- JSON: the JWT's payload
);
CREATE INDEX sessions_prune ON sessions (prune_ms);

-- What `docker login` keeps in place of the JWT.
CREATE TABLE refresh_tokens (
    hash       TEXT   NOT NULL PRIMARY KEY,
    login      TEXT   NOT NULL,             -- the session's
    registry   TEXT   NOT NULL,
    created_ms BIGINT NOT NULL
);
CREATE INDEX refresh_tokens_login ON refresh_tokens (login);

-- What ends sessions before their time.
CREATE TABLE revocations (
    kind   TEXT   NOT NULL,                 -- all, identity, issuer, key, key_withdrawn, login, run
    issuer TEXT   NOT NULL,                 -- empty: of no issuer
    value  TEXT   NOT NULL,                 -- identity, key, login or run; else empty
    at_ms  BIGINT NOT NULL,
    actor  TEXT   NOT NULL,
    PRIMARY KEY (kind, issuer, value)
);

-- Everybody who was ever proven.
CREATE TABLE identities (
    issuer   TEXT   NOT NULL,
    identity TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    names    TEXT   NOT NULL,               -- JSON: former names, newest first
    first_ms BIGINT NOT NULL,
    last_ms  BIGINT NOT NULL,
    PRIMARY KEY (issuer, identity)
);

-- Identities that no rule gave what they asked.
CREATE TABLE inbox (
    issuer   TEXT   NOT NULL,
    identity TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    registry TEXT   NOT NULL,
    asked    TEXT   NOT NULL,               -- the scopes of the latest refusal
    facts    TEXT   NOT NULL,               -- JSON, of the latest refusal
    count    BIGINT NOT NULL,
    first_ms BIGINT NOT NULL,
    last_ms  BIGINT NOT NULL,
    PRIMARY KEY (issuer, identity)
);

-- Who is in the groups that operators keep.
CREATE TABLE group_members (
    group_name TEXT   NOT NULL,
    issuer     TEXT   NOT NULL,
    identity   TEXT   NOT NULL,
    added_ms   BIGINT NOT NULL,
    actor      TEXT   NOT NULL,
    PRIMARY KEY (group_name, issuer, identity)
);

-- Who pushed first to a name that a template renders.
CREATE TABLE namespaces (
    registry  TEXT   NOT NULL,
    namespace TEXT   NOT NULL,
    issuer    TEXT   NOT NULL,
    owner     TEXT   NOT NULL,              -- an immutable id of that issuer
    name      TEXT   NOT NULL,              -- of the identity that claimed it, then
    since_ms  BIGINT NOT NULL,
    PRIMARY KEY (registry, namespace)
);

-- Secrets of robots.
CREATE TABLE api_tokens (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL,
    hash         TEXT   NOT NULL UNIQUE,
    group_name   TEXT   NOT NULL,
    pull         TEXT   NOT NULL,           -- JSON: patterns
    push         TEXT   NOT NULL,
    deletes      TEXT   NOT NULL,
    created_ms   BIGINT NOT NULL,
    actor        TEXT   NOT NULL,
    expires_ms   BIGINT,
    revoked_ms   BIGINT,
    last_used_ms BIGINT,
    last_network TEXT
);

-- What each issuer's name stands for, until an operator says otherwise.
CREATE TABLE bindings (
    issuer   TEXT   NOT NULL PRIMARY KEY,
    binding  TEXT   NOT NULL,               -- a digest of the three below
    kind     TEXT   NOT NULL,
    iss      TEXT   NOT NULL,               -- JSON
    source   TEXT   NOT NULL,               -- where its keys come from
    bound_ms BIGINT NOT NULL,
    actor    TEXT   NOT NULL
);
