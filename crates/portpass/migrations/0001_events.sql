-- What happened: a row for each token, each refusal, and each thing that is
-- only counted. Columns are what people filter by; the rest is in `body`.
CREATE TABLE events (
    id       TEXT   NOT NULL PRIMARY KEY, -- a UUIDv7; a token's is its `jti`
    at_ms    BIGINT NOT NULL,             -- when it first happened
    last_ms  BIGINT NOT NULL,             -- when it last happened
    count    BIGINT NOT NULL,             -- how often it happened
    kind     TEXT   NOT NULL,
    reason   TEXT,
    decision TEXT,
    login    TEXT,
    registry TEXT,
    issuer   TEXT,
    identity TEXT,
    body     TEXT   NOT NULL              -- JSON
);

CREATE INDEX events_decision ON events (decision);
