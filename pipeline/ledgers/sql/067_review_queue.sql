-- How long a case may wait for a person, by the name of its clock, and how grave a rule is. Both are the policy's data
-- (policy/review_priorities.toml): written anew whenever the policy in force changes.
CREATE TABLE review_clocks (
    name  text             PRIMARY KEY,
    hours double precision NOT NULL CHECK (hours > 0)
);
INSERT INTO review_clocks VALUES
    ('standard', 72), ('appeal', 168), ('failure', 24), ('intimate_image', 48), ('minors', 24), ('trusted_flagger', 24);

CREATE TABLE review_priorities (
    rule     text     PRIMARY KEY,
    severity smallint NOT NULL CHECK (severity BETWEEN 1 AND 5),
    clock    text     NOT NULL REFERENCES review_clocks
);

-- One row for each held case, kept by a trigger on `cases`, whoever writes there. `order_at` is the order of the queue:
-- the time that the clock allows runs out severity times reach as fast.
CREATE TABLE review_queue (
    case_id     text        PRIMARY KEY,
    revision    integer     NOT NULL,
    since       timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    order_at    timestamptz NOT NULL,
    clock       text        NOT NULL,
    severity    smallint    NOT NULL,
    reach       smallint    NOT NULL,
    subject     text        NOT NULL,
    language    text        NOT NULL,
    region      text        NOT NULL,
    author      text        NOT NULL,
    end_user    text        NOT NULL,
    rules       text[]      NOT NULL,
    prompt      text        NOT NULL,
    held        jsonb       NOT NULL,  -- what a row says of the verdict, so that no page reads whole cases
    flagged     boolean     NOT NULL DEFAULT false,
    expert      boolean     NOT NULL DEFAULT false,
    assignee    text        NOT NULL DEFAULT '',
    assigned_at timestamptz,
    routed_by   text        NOT NULL DEFAULT '',
    note        text        NOT NULL DEFAULT '',  -- the id of an erasable text
    prepared    boolean     NOT NULL DEFAULT false,
    words       bigint[]    NOT NULL DEFAULT '{}',  -- of the prompt, each under the installation's key
    poster      text        NOT NULL DEFAULT '',  -- the id of an erasable text
    looks       bit(64)
);
CREATE INDEX review_queue_order       ON review_queue (order_at, case_id);
CREATE INDEX review_queue_by_subject  ON review_queue (subject, order_at, case_id);
CREATE INDEX review_queue_by_language ON review_queue (language, order_at, case_id);
CREATE INDEX review_queue_by_author   ON review_queue (author, order_at, case_id);
CREATE INDEX review_queue_by_end_user ON review_queue (end_user, order_at, case_id) WHERE end_user <> '';
CREATE INDEX review_queue_by_assignee ON review_queue (assignee, order_at, case_id) WHERE assignee <> '';
CREATE INDEX review_queue_expert      ON review_queue (order_at, case_id) WHERE expert;
CREATE INDEX review_queue_unprepared  ON review_queue (order_at, case_id) WHERE NOT prepared;
CREATE INDEX review_queue_by_severity ON review_queue (severity, order_at, case_id);
CREATE INDEX review_queue_by_region   ON review_queue (region, order_at, case_id) WHERE region <> '';
CREATE INDEX review_queue_by_words    ON review_queue USING gin (words);

-- Each rule's own queue: an index over the array would find all of a rule's cases and sort them, or walk past everybody
-- else's, since the order follows the gravity of rules.
CREATE TABLE review_queue_rules (
    rule     text        NOT NULL,
    order_at timestamptz NOT NULL,
    case_id  text        NOT NULL,
    PRIMARY KEY (rule, order_at, case_id)
);
CREATE FUNCTION review_queue_rules_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.rules, OLD.order_at) = (NEW.rules, NEW.order_at) THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM review_queue_rules r USING unnest(OLD.rules) AS fired (name)
        WHERE r.rule = fired.name AND r.order_at = OLD.order_at AND r.case_id = OLD.case_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO review_queue_rules SELECT DISTINCT fired.name, NEW.order_at, NEW.case_id
        FROM unnest(NEW.rules) AS fired (name);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER review_queue_rules_follow AFTER INSERT OR DELETE OR UPDATE OF rules, order_at ON review_queue
    FOR EACH ROW EXECUTE FUNCTION review_queue_rules_follow();

-- How grave, by which clock, until when, and where in the order. The standard clock counts where no other does; of
-- several the shortest. What a trusted flagger reported comes before everything else.
CREATE FUNCTION review_placement(
    since timestamptz, rules text[], subject text, reach int, flagged boolean,
    OUT severity smallint, OUT clock text, OUT due_at timestamptz, OUT order_at timestamptz
) LANGUAGE sql STABLE AS $$
    WITH said AS (
        SELECT coalesce(p.severity, 2) AS severity, coalesce(p.clock, 'standard') AS clock
        FROM unnest(rules) AS fired (name) LEFT JOIN review_priorities p ON p.rule = fired.name
        UNION ALL
        SELECT 1, CASE WHEN subject IN ('appeal', 'failure') THEN subject ELSE 'standard' END
        UNION ALL
        SELECT 1, 'trusted_flagger' WHERE flagged
    ), told AS (
        SELECT max(s.severity)::smallint AS severity,
               (array_agg(c.name ORDER BY c.name = 'standard', c.hours, c.name))[1] AS clock,
               (array_agg(c.hours ORDER BY c.name = 'standard', c.hours, c.name))[1] * interval '1 hour' AS allowed
        FROM said s JOIN review_clocks c ON c.name = s.clock
    )
    SELECT t.severity, t.clock, since + t.allowed,
           since + t.allowed / (t.severity * reach) - CASE WHEN flagged THEN interval '1000 days' ELSE interval '0' END
    FROM told t
$$;

-- How many people an account's videos reach, from 1 to 3: by how much it made within thirty days.
CREATE FUNCTION review_reach(of_author text) RETURNS int LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN count(*) >= 200 THEN 3 WHEN count(*) >= 20 THEN 2 ELSE 1 END FROM (
        SELECT FROM cases WHERE author = of_author AND moved > clock_timestamp() - interval '30 days' LIMIT 200
    ) AS made
$$;

CREATE FUNCTION review_subject(body jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN jsonb_typeof(body -> 'last_failure') = 'object' OR (body #> '{verdicts,-1}') IS NULL THEN 'failure'
        WHEN body #>> '{verdicts,-1,decision}' = '2' THEN 'appeal'
        WHEN body #>> '{verdicts,-1,gate}' = 'video' THEN 'output'
        WHEN EXISTS (SELECT FROM jsonb_array_elements_text(body #> '{verdicts,-1,rules}') AS rule
                     WHERE rule LIKE 'reference\_%') THEN 'reference'
        ELSE 'prompt' END
$$;

-- Of the verdict what a row of the queue shows, and who allowed what already.
CREATE FUNCTION review_summary(body jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object(
        'gate', body #> '{verdicts,-1,gate}', 'held_at', body -> 'held_at',
        'missing', coalesce(body #> '{verdicts,-1,missing}', '[]'), 'final', coalesce(body #> '{verdicts,-1,final}', '[]'),
        'two_person', coalesce(body #> '{verdicts,-1,two_person}', '[]'),
        'awaiting', coalesce(body #> '{verdicts,-1,awaiting}', '[]'),
        'failure', coalesce(body #>> '{last_failure,error}', ''),
        'failure_kind', coalesce(body #>> '{last_failure,kind}', ''),
        'rendered', jsonb_typeof(body -> 'rendered') = 'object', 'view_sealed', body #> '{view_seal,sealed}',
        'allowed_by', coalesce((SELECT jsonb_agg(DISTINCT r -> 'moderator') FROM jsonb_array_elements(body -> 'rulings') AS r
                                WHERE r ->> 'decision' = '0'), '[]'))
$$;

CREATE FUNCTION review_queue_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    about text; wide int; fired text[]; at timestamptz; place record; was record;
BEGIN
    IF NEW.phase <> 'held' THEN
        IF TG_OP = 'UPDATE' AND OLD.phase = 'held' THEN
            DELETE FROM review_queue WHERE case_id = NEW.id;
        END IF;
        RETURN NULL;
    END IF;
    about := review_subject(NEW.body);
    wide := review_reach(NEW.author);
    fired := CASE WHEN jsonb_typeof(NEW.body #> '{verdicts,-1,rules}') = 'array'
                  THEN ARRAY(SELECT jsonb_array_elements_text(NEW.body #> '{verdicts,-1,rules}')) ELSE '{}' END;
    SELECT q.since, q.flagged INTO was FROM review_queue q WHERE q.case_id = NEW.id;
    at := coalesce(was.since, NEW.moved);
    SELECT * INTO place FROM review_placement(at, fired, about, wide, coalesce(was.flagged, false));
    INSERT INTO review_queue AS q (case_id, revision, since, due_at, order_at, clock, severity, reach, subject, language,
                                   region, author, end_user, rules, prompt, held)
    VALUES (NEW.id, NEW.revision, at, place.due_at, place.order_at, place.clock, place.severity, wide, about,
            coalesce(NEW.body ->> 'language', ''), coalesce(NEW.body #>> '{submitted,region}', ''), NEW.author, NEW.end_user, fired,
            coalesce(NEW.body #>> '{submitted,prompt}', ''), review_summary(NEW.body))
    ON CONFLICT (case_id) DO UPDATE
    SET revision = excluded.revision, due_at = excluded.due_at, order_at = excluded.order_at, clock = excluded.clock,
        severity = excluded.severity, reach = excluded.reach, subject = excluded.subject, language = excluded.language,
        rules = excluded.rules, held = excluded.held;
    RETURN NULL;
END
$$;
CREATE TRIGGER review_queue_follows AFTER INSERT OR UPDATE OF phase, revision, body ON cases
    FOR EACH ROW EXECUTE FUNCTION review_queue_follows();

-- What was erased is not found by its words or its looks any more.
CREATE FUNCTION review_queue_forgets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE review_queue SET words = '{}', looks = NULL WHERE case_id = NEW.case_id AND (words <> '{}' OR looks IS NOT NULL);
    RETURN NULL;
END
$$;
CREATE TRIGGER review_queue_forgets AFTER UPDATE OF erased_at ON texts FOR EACH ROW
    WHEN (OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL) EXECUTE FUNCTION review_queue_forgets();

-- How many are held, by what (what was escalated only as such): changes are added and never updated, so that no two who hold a case wait for each other;
-- now and then they are summed into `review_counts`.
CREATE TABLE review_counts (
    kind  text   NOT NULL,
    value text   NOT NULL,
    n     bigint NOT NULL,
    PRIMARY KEY (kind, value)
);
CREATE INDEX review_counts_most ON review_counts (kind, n DESC);
CREATE TABLE review_count_changes (
    id    bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind  text    NOT NULL,
    value text    NOT NULL,
    n     integer NOT NULL
);

CREATE FUNCTION review_kinds(subject text, language text, region text, author text, severity int, expert boolean,
                             assignee text, rules text[])
RETURNS TABLE (kind text, value text) LANGUAGE sql IMMUTABLE AS $$
    SELECT k.kind, k.value FROM (
        VALUES ('all', ''), ('subject', subject), ('language', language), ('region', region), ('author', author),
               ('severity', severity::text)
        UNION ALL SELECT 'rule', fired.name FROM unnest(rules) AS fired (name)
    ) AS k (kind, value) WHERE NOT expert
    UNION ALL SELECT 'expert', '' WHERE expert
    UNION ALL SELECT 'assignee', assignee WHERE assignee <> ''
$$;

CREATE FUNCTION review_count_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO review_count_changes (kind, value, n)
    SELECT k.kind, k.value, count(*) FROM added q,
           review_kinds(q.subject, q.language, q.region, q.author, q.severity, q.expert, q.assignee, q.rules) k
    GROUP BY k.kind, k.value;
    RETURN NULL;
END
$$;
CREATE FUNCTION review_count_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO review_count_changes (kind, value, n)
    SELECT k.kind, k.value, -count(*) FROM gone q,
           review_kinds(q.subject, q.language, q.region, q.author, q.severity, q.expert, q.assignee, q.rules) k
    GROUP BY k.kind, k.value;
    RETURN NULL;
END
$$;
CREATE FUNCTION review_count_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO review_count_changes (kind, value, n)
    SELECT k.kind, k.value, sum(q.n) FROM (
        SELECT 1 AS n, subject, language, region, author, severity, expert, assignee, rules FROM added
        UNION ALL SELECT -1, subject, language, region, author, severity, expert, assignee, rules FROM gone
    ) q, review_kinds(q.subject, q.language, q.region, q.author, q.severity, q.expert, q.assignee, q.rules) k
    GROUP BY k.kind, k.value HAVING sum(q.n) <> 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER review_count_added AFTER INSERT ON review_queue REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION review_count_added();
CREATE TRIGGER review_count_gone AFTER DELETE ON review_queue REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION review_count_gone();
CREATE TRIGGER review_count_changed AFTER UPDATE ON review_queue REFERENCING NEW TABLE AS added OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION review_count_changed();

-- What is held already enters the queue as if it were held now, with the time at which it was.
SET LOCAL statement_timeout = 0;
UPDATE cases SET phase = phase WHERE phase = 'held';
SET LOCAL statement_timeout = '120s';

-- What each moderator may review; an empty list, or no row: everything. Experts get what was escalated.
CREATE TABLE review_rights (
    account      text     PRIMARY KEY,
    subjects     text[]   NOT NULL DEFAULT '{}',
    languages    text[]   NOT NULL DEFAULT '{}',
    regions      text[]   NOT NULL DEFAULT '{}',
    authors      text[]   NOT NULL DEFAULT '{}',
    rules        text[]   NOT NULL DEFAULT '{}',
    max_severity smallint NOT NULL DEFAULT 5 CHECK (max_severity BETWEEN 1 AND 5),
    expert       boolean  NOT NULL DEFAULT false
);
