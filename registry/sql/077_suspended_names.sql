-- Names of works that a moderator has suspended, folded: no work of such a name is looked for again, whoever registers
-- it, until a moderator says so. They stay where the work is removed.
CREATE TABLE suspended_work_names (
    name text        PRIMARY KEY CHECK (name <> ''),
    at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
