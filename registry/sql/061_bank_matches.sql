-- What was published already when a hash arrived that is in it, and what became of it.
CREATE TABLE bank_matches (
    key      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry    bigint NOT NULL REFERENCES bank_entries (key),
    case_id  text   NOT NULL,
    found    timestamptz NOT NULL DEFAULT clock_timestamp(),
    score    real   NOT NULL,
    seconds  integer[] NOT NULL,  -- of the video, in which it is seen
    rules    text[] NOT NULL,     -- of the policy, that fire because of it
    state    text   NOT NULL CHECK (state IN ('open', 'recalled', 'noted', 'kept')),
    decided  timestamptz,
    decided_by text NOT NULL DEFAULT '',
    UNIQUE (entry, case_id)
);

CREATE INDEX bank_matches_open ON bank_matches (key) WHERE state = 'open';

-- Up to where videos that are sealed were compared with what came to the banks meanwhile.
CREATE TABLE bank_progress (
    name text PRIMARY KEY,
    at   timestamptz NOT NULL
);
