-- Proof and what else is personal are erased each in its own time, whichever comes first.
DROP INDEX claims_to_erase;
CREATE INDEX claims_proof_to_erase    ON claims (proof_until)    WHERE proof_erased_at IS NULL;
CREATE INDEX claims_personal_to_erase ON claims (personal_until) WHERE personal_erased_at IS NULL;

-- Files of proof fill the disk: of each address is counted how many bytes were kept (`proof`, with its `size`).
ALTER TABLE claim_activity ADD COLUMN size bigint NOT NULL DEFAULT 0;
ALTER TABLE claim_activity DROP CONSTRAINT claim_activity_what_check;
ALTER TABLE claim_activity ADD CONSTRAINT claim_activity_what_check CHECK (
    what IN ('came', 'turned_away', 'sender', 'behind', 'proof_first', 'rejected', 'proof'));

-- The claims desk does what a person decided, except where it hides a video until somebody decides: the event says that
-- this was automatic. Other parts of the installation act by themselves.
CREATE OR REPLACE FUNCTION restriction_of(event events) RETURNS SETOF restrictions LANGUAGE plpgsql STABLE AS $$
DECLARE
    kind    text := event.body ->> 'type';
    word    events;
    first   events;
    verdict jsonb;
    found   restrictions;
BEGIN
    IF EXISTS (SELECT FROM restrictions r WHERE r.case_id = event.case_id AND NOT EXISTS (
        SELECT FROM events e WHERE e.case_id = r.case_id AND e.revision > r.revision AND e.revision < event.revision
        AND (e.body ->> 'type' = 'Reversed'
             OR (e.body ->> 'type' = 'Judged' AND e.body #>> '{verdict,decision}' = '0')))) THEN
        RETURN;
    END IF;
    SELECT * INTO first FROM events e WHERE e.case_id = event.case_id ORDER BY e.revision LIMIT 1;
    IF kind = 'Recalled' AND event.body ->> 'by' = first.body ->> 'author' THEN
        RETURN;  -- what is wished by whoever asked for the video restricts nobody
    END IF;
    SELECT * INTO word FROM events e
    WHERE e.case_id = event.case_id AND e.revision < event.revision
      AND e.body ->> 'type' NOT IN ('Waiting', 'StageFailed', 'Resumed', 'ViewSealed', 'Withdrawn', 'Claimed')
    ORDER BY e.revision DESC LIMIT 1;
    SELECT e.body -> 'verdict' INTO verdict FROM events e
    WHERE e.case_id = event.case_id AND e.revision <= event.revision AND e.body ->> 'type' = 'Judged'
    ORDER BY e.revision DESC LIMIT 1;
    found.puid := 'assay-' || replace(gen_random_uuid()::text, '-', '');
    found.case_id := event.case_id;
    found.revision := event.revision;
    found.at := event.at;
    found.asked := coalesce(first.at, event.at);
    found.kind := CASE kind WHEN 'Judged' THEN 'refused' WHEN 'EngineDeclined' THEN 'declined' ELSE 'removed' END;
    found.gate := coalesce(verdict ->> 'gate', '');
    found.rules := CASE WHEN kind <> 'EngineDeclined' AND jsonb_typeof(verdict -> 'rules') = 'array'
                        THEN ARRAY(SELECT jsonb_array_elements_text(verdict -> 'rules')) ELSE '{}' END;
    found.code := CASE kind WHEN 'Recalled' THEN coalesce(event.body ->> 'code', '') ELSE '' END;
    found.by_person := (kind = 'Recalled' AND event.body ->> 'automatic' IS DISTINCT FROM 'true'
                        AND (event.body ->> 'by' NOT LIKE 'assay:%' OR event.body ->> 'by' = 'assay:claims'))
                       OR (kind = 'Judged' AND word.body ->> 'type' = 'Ruled');
    found.public := EXISTS (SELECT FROM events e WHERE e.case_id = event.case_id AND e.revision < event.revision
                                                   AND e.body ->> 'type' = 'Published');
    RETURN NEXT found;
END
$$;

-- How many videos were named stays, though what was typed to name them is erased.
ALTER TABLE claims ADD COLUMN named_count integer NOT NULL DEFAULT 0;
UPDATE claims SET named_count = cardinality(urls);
COMMENT ON COLUMN claims.urls IS 'As they were typed, so that anything may stand in them: emptied with what is personal.';
COMMENT ON COLUMN claims.via_account IS 'The account through which it came: it stays, so that the account sees its claims.';

-- What the public was told of the twelve months before `until`: told once and then the same until the next month is over,
-- so that nobody sees a single decision by asking again.
CREATE TABLE told_figures (
    until    timestamptz NOT NULL,
    smallest integer     NOT NULL,
    body     jsonb       NOT NULL,
    told     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (until, smallest)
);
