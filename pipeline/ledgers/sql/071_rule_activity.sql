-- Each rule that fired in a verdict, or would have, were it in force. Read through the index on type and time.
CREATE VIEW rule_firings AS
SELECT e.case_id, e.revision, e.at, f.rule, f.shadow, (e.body #>> '{verdict,decision}')::int AS decision,
       e.body #>> '{verdict,gate}' AS gate
FROM events e
CROSS JOIN LATERAL (
    SELECT jsonb_array_elements_text(e.body #> '{verdict,rules}') AS rule, false AS shadow
    UNION ALL SELECT jsonb_array_elements_text(e.body #> '{verdict,shadow}'), true
) AS f
WHERE e.body ->> 'type' = 'Judged';

-- The counts of days that are over, so that no page counts a month of verdicts. Filled by whoever first asks for a day.
CREATE TABLE rule_days (
    day    date   NOT NULL,
    rule   text   NOT NULL,
    hits   bigint NOT NULL,
    shadow bigint NOT NULL,
    PRIMARY KEY (day, rule)
);
CREATE TABLE rule_days_counted (day date PRIMARY KEY);

-- Each rule about which a moderator ruled: `decision` is 0 where they allowed what it had found.
CREATE VIEW rule_rulings AS
SELECT e.case_id, e.revision, e.at, jsonb_array_elements_text(e.body #> '{ruling,over}') AS rule,
       (e.body #>> '{ruling,decision}')::int AS decision
FROM events e WHERE e.body ->> 'type' = 'Ruled';

-- Replays of policies over past cases: how far each is, so that every process can tell, and what it found.
CREATE TABLE policy_replays (
    id      text        PRIMARY KEY,
    policy  text        NOT NULL,  -- by its digest
    by      text        NOT NULL,
    started timestamptz NOT NULL DEFAULT clock_timestamp(),
    touched timestamptz NOT NULL DEFAULT clock_timestamp(),  -- of one that is under way: when it last got on
    total   integer     NOT NULL,
    state   text        NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    tally   jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX policy_replays_by_time ON policy_replays (started DESC);
