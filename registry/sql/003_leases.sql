-- What a person allowed: which use of a cameo, to whom, until when. A lease is revoked, never deleted.
CREATE TABLE leases (
    id      text        PRIMARY KEY,
    handle  text        NOT NULL,
    holder  text        NOT NULL CHECK (holder <> ''),  -- an account, or '*' for everyone
    face    boolean     NOT NULL,
    voice   boolean     NOT NULL,
    until   timestamptz,                                -- NULL: until revoked
    granted timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked timestamptz,
    CHECK (face OR voice)
);

CREATE INDEX leases_by_handle ON leases (handle);
