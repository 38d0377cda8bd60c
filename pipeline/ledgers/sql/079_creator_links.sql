-- Links by which whoever wanted a video reads what became of it, without an account. The secret in a link is kept
-- nowhere: it is made of the installation's key, the case and the number, and only its SHA-256 stands here.
CREATE TABLE creator_links (
    digest  text        PRIMARY KEY CHECK (digest ~ '^[0-9a-f]{64}$'),
    case_id text        NOT NULL,
    number  integer     NOT NULL CHECK (number > 0),
    made    timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires timestamptz NOT NULL,
    revoked timestamptz,
    UNIQUE (case_id, number)
);

-- A video is measured for minutes, and somebody who is recognised in it may be erased meanwhile. What was measured is then
-- void, as if another had moved the case: it is measured again, and nobody knows them any more.
CREATE FUNCTION events_name_nobody_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF any_cameo_erased(ARRAY(
        SELECT DISTINCT signal ->> 'cameo' FROM jsonb_array_elements(NEW.body -> 'signals') AS signal
        WHERE signal ->> 'cameo' <> ''
    )) THEN
        RAISE EXCEPTION 'somebody who is recognised here was erased meanwhile' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER events_name_nobody_erased BEFORE INSERT ON events FOR EACH ROW
    WHEN (NEW.body ->> 'type' = 'Measured' AND NEW.body @? '$.signals[*] ? (@.cameo != "")')
    EXECUTE FUNCTION events_name_nobody_erased();

-- Whoever asked for a video is told what became of an appeal as soon as the gate has weighed the ruling on it, in the same
-- transaction. A verdict that comes later, on consent that ended, is no answer to the appeal.
CREATE FUNCTION appeals_are_answered() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    author text;
    ruling jsonb;
    decision text := NEW.body #>> '{verdict,decision}';
BEGIN
    SELECT c.author, c.body #> '{rulings,-1}' INTO author, ruling FROM cases c WHERE c.id = NEW.case_id;
    IF ruling ->> 'on_appeal' = 'true' AND ruling ->> 'gate' = NEW.body #>> '{verdict,gate}'
       AND 'Ruled' = (  -- the gate may have been away in between
           SELECT before.body ->> 'type' FROM events before
           WHERE before.case_id = NEW.case_id AND before.revision < NEW.revision
             AND before.body ->> 'type' IN ('Ruled', 'Judged', 'Reversed')
           ORDER BY before.revision DESC LIMIT 1
       ) THEN
        PERFORM notify_account(author, CASE decision WHEN '0' THEN 'appeal_won' ELSE 'appeal_lost' END, NEW.case_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER appeals_are_answered AFTER INSERT ON events FOR EACH ROW
    WHEN (NEW.body ->> 'type' = 'Judged' AND NEW.body #>> '{verdict,decision}' <> '1')
    EXECUTE FUNCTION appeals_are_answered();

-- Words about a cameo are texts under its id: none comes once it was erased.
CREATE FUNCTION texts_of_nobody_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF any_cameo_erased(ARRAY[NEW.case_id]) THEN
        RAISE EXCEPTION 'whose words these are was erased meanwhile' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER texts_of_nobody_erased BEFORE INSERT ON texts FOR EACH ROW
    WHEN (NEW.case_id LIKE 'cameo\_%') EXECUTE FUNCTION texts_of_nobody_erased();
