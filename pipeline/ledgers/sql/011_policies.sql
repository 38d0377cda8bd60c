-- Policies by digest, kept for ever: a verdict names its digest, and a roll-back is to exactly those rules.
CREATE TABLE policies (
    digest  text        PRIMARY KEY CHECK (digest ~ '^[0-9a-f]{64}$'),
    files   jsonb       NOT NULL,  -- each file of the folder by its path, as text
    profile text        NOT NULL,  -- the text of the profile it was loaded with; empty without one
    kept    timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The steps of the roll-out, in order: the last says what is in force. Of two people who take a step at once one wins.
CREATE TABLE policy_steps (
    number    integer     PRIMARY KEY CHECK (number > 0),
    step      text        NOT NULL CHECK (step IN ('stage', 'promote', 'withdraw', 'rollback')),
    digest    text        NOT NULL REFERENCES policies,      -- in force after this step
    candidate text        REFERENCES policies,               -- gets a share of the cases
    share     double precision NOT NULL DEFAULT 0 CHECK (share >= 0 AND share <= 100),
    by        text        NOT NULL,
    at        timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE FUNCTION policies_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'policies and their steps are append-only: % is not allowed', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER policies_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON policies
    FOR EACH STATEMENT EXECUTE FUNCTION policies_stay();
CREATE TRIGGER policy_steps_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_steps
    FOR EACH STATEMENT EXECUTE FUNCTION policies_stay();
ALTER TABLE policies ENABLE ALWAYS TRIGGER policies_stay;
ALTER TABLE policy_steps ENABLE ALWAYS TRIGGER policy_steps_stay;

-- What policy asks about an author: submissions in a window of time, cases that wait, and cases that were ever refused.
CREATE INDEX cases_by_author_submitted ON cases (author, submitted);
CREATE INDEX cases_held_of_author ON cases (author) WHERE phase = 'held';
-- A column and not only an index's condition, so that the planner knows how few they are.
ALTER TABLE cases ADD COLUMN refused boolean NOT NULL
    GENERATED ALWAYS AS (jsonb_path_exists(body, '$.verdicts[*] ? (@.decision == 2)')) STORED;
CREATE INDEX cases_refused ON cases (author, moved DESC) WHERE refused;
