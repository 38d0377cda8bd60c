-- Who has a held case open, until when. A lease that ran out counts for nothing and may be taken over.
CREATE TABLE case_leases (
    case_id  text        PRIMARY KEY,
    reviewer text        NOT NULL,
    until    timestamptz NOT NULL
);
CREATE INDEX case_leases_ended ON case_leases (until);

-- Who left a case to others, as it was at that revision: once it has moved on, it is offered to them again.
CREATE TABLE case_skips (
    case_id  text        NOT NULL,
    reviewer text        NOT NULL,
    revision integer     NOT NULL,
    code     text        NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (case_id, reviewer)
);
