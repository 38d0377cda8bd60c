-- What somebody does to many held cases at once. It waits a minute, so that it can be undone; then it is carried out by
-- whichever process looks first, and a process that died half-way is followed by another: rulings name a revision.
CREATE TABLE bulk_reviews (
    id       text        PRIMARY KEY,
    account  text        NOT NULL,
    action   text        NOT NULL,
    code     text        NOT NULL DEFAULT '',
    to_whom  text        NOT NULL DEFAULT '',
    cases    jsonb       NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at   timestamptz NOT NULL,
    state    text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'undone', 'done')),
    outcome  jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX bulk_reviews_due ON bulk_reviews (due_at) WHERE state = 'waiting';
CREATE INDEX bulk_reviews_of_account ON bulk_reviews (account, asked_at DESC);

-- Searches that a person keeps under a name.
CREATE TABLE saved_searches (
    account text NOT NULL,
    name    text NOT NULL,
    query   text NOT NULL,
    PRIMARY KEY (account, name)
);
