-- How well rulings agree. A case is named with the revision at which it was held: so it is shown again.

-- Rulings that a second moderator gives once more without seeing them: a keyed share, which nobody chooses.
CREATE TABLE second_reviews (
    case_id     text        NOT NULL,
    revision    integer     NOT NULL,  -- as it was held; the ruling is the event after it
    rules       text[]      NOT NULL,
    reviewer    text        NOT NULL,  -- who ruled first
    decision    text        NOT NULL CHECK (decision IN ('allow', 'refuse')),
    code        text        NOT NULL,
    noted       timestamptz NOT NULL DEFAULT clock_timestamp(),
    void        boolean     NOT NULL DEFAULT false,  -- it cannot be shown any more
    differs     boolean     NOT NULL DEFAULT false,  -- the second ruling came out otherwise
    settled     text        NOT NULL DEFAULT '' CHECK (settled IN ('', 'allow', 'refuse')),
    settled_by  text        NOT NULL DEFAULT '',
    PRIMARY KEY (case_id, revision)
);
CREATE INDEX second_reviews_by_time ON second_reviews (noted);
CREATE INDEX second_reviews_to_settle ON second_reviews (noted) WHERE differs AND settled = '' AND NOT void;

-- Cases whose right answer a lead has set.
CREATE TABLE golden_items (
    case_id  text        NOT NULL,
    revision integer     NOT NULL,
    rules    text[]      NOT NULL,
    decision text        NOT NULL CHECK (decision IN ('allow', 'refuse')),
    reason   text        NOT NULL,  -- the id of an erasable text
    made_by  text        NOT NULL,
    made     timestamptz NOT NULL DEFAULT clock_timestamp(),
    retired  boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (case_id, revision)
);

-- A golden item or a second review before a reviewer, under a name like any case's. What is ruled here is in no case.
CREATE TABLE review_checks (
    id          text        PRIMARY KEY,
    kind        text        NOT NULL CHECK (kind IN ('golden', 'second')),
    case_id     text        NOT NULL,
    revision    integer     NOT NULL,
    reviewer    text        NOT NULL,
    shown_since timestamptz NOT NULL,  -- since when the reviewer is told it is held
    dealt       timestamptz NOT NULL DEFAULT clock_timestamp(),
    dropped     text        NOT NULL DEFAULT '',  -- why they did not rule
    decision    text        NOT NULL DEFAULT '' CHECK (decision IN ('', 'allow', 'refuse')),
    code        text        NOT NULL DEFAULT '',
    note        text        NOT NULL DEFAULT '',  -- the id of an erasable text
    ruled       timestamptz
);
CREATE UNIQUE INDEX review_checks_one_at_once ON review_checks (reviewer) WHERE decision = '' AND dropped = '';
CREATE UNIQUE INDEX review_checks_once_each   ON review_checks (reviewer, case_id, revision);
CREATE UNIQUE INDEX review_checks_one_second  ON review_checks (case_id, revision) WHERE kind = 'second' AND dropped = '';
CREATE INDEX review_checks_of_case  ON review_checks (case_id, revision);
CREATE INDEX review_checks_by_time  ON review_checks (ruled) WHERE decision <> '';

-- How many rulings somebody has given, checks among them: with a key it says when the next check comes.
CREATE TABLE review_turns (
    reviewer text   PRIMARY KEY,
    turns    bigint NOT NULL
);
