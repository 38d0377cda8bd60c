-- What claims took down and keep down. A wish is stored before anything is done about it, so that whoever dies in the
-- middle leaves a row that is not done. `wish_number` is raised by each wish: a wish that came meanwhile is not done.
CREATE TABLE stay_downs (
    claim       text        PRIMARY KEY CHECK (claim <> ''),
    why         text        NOT NULL,
    wish        text        NOT NULL CHECK (wish IN ('down', 'lifted')),
    wish_number bigint      NOT NULL DEFAULT 1,
    asked       timestamptz NOT NULL DEFAULT clock_timestamp(),
    done        timestamptz
);
CREATE INDEX stay_downs_open ON stay_downs (asked) WHERE done IS NULL;

-- The videos of each claim and all that was made from them. `root`: the claim names it. `held`: the claim keeps it down.
-- `taken_from` is the phase from which the claim took it down; empty where it was down already. `took_down`: it is down
-- because of that, and was not put back since. `banked`: when its looks were banked, or were found not to be there.
-- `outcome` says what lifting the claim made of it.
CREATE TABLE stay_down_cases (
    claim      text    NOT NULL REFERENCES stay_downs (claim),
    case_id    text    NOT NULL,
    root       boolean NOT NULL,
    held       boolean NOT NULL DEFAULT true,
    taken_from text    NOT NULL DEFAULT '',
    took_down  boolean NOT NULL DEFAULT false,
    banked     timestamptz,
    outcome    text    NOT NULL DEFAULT '',
    PRIMARY KEY (claim, case_id)
);
CREATE INDEX stay_down_cases_held ON stay_down_cases (case_id) WHERE held;
CREATE INDEX stay_down_cases_took_down ON stay_down_cases (case_id) WHERE took_down;

-- Their looks are in a kind of bank of its own.
ALTER TABLE banks DROP CONSTRAINT banks_kind_check;
ALTER TABLE banks ADD CONSTRAINT banks_kind_check CHECK (kind IN
    ('known_bad', 'known_claimed', 'known_work', 'known_listed', 'known_noted', 'known_harmless'));
INSERT INTO banks (name, kind, created_by) VALUES ('known_claimed', 'known_claimed', 'assay') ON CONFLICT DO NOTHING;
