-- Where accounts want to be told, and what is to be sent there. Nothing of a person: ids and words of the status only.
CREATE TABLE webhook_endpoints (
    id              text        PRIMARY KEY,
    account         text        NOT NULL REFERENCES accounts,
    name            text        NOT NULL,
    url             text        NOT NULL,
    event_types     text[]      NOT NULL,
    secret          text        NOT NULL,   -- signs, so it is kept as it is: who reads this table can sign
    former_secret   text,                   -- signs too until former_until, while a receiver changes over
    former_until    timestamptz,
    created         timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated         timestamptz NOT NULL DEFAULT clock_timestamp(),
    disabled        timestamptz,            -- nothing more is sent
    disabled_reason text        NOT NULL DEFAULT ''
);
CREATE INDEX webhook_endpoints_of ON webhook_endpoints (account, created, id);

-- The outbox: one row for each event and endpoint, written in the transaction that moved the case.
CREATE TABLE webhook_deliveries (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint        text        NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
    event_id        text        NOT NULL,   -- the same for every endpoint and every attempt
    event_type      text        NOT NULL,
    case_id         text        NOT NULL,
    happened        timestamptz NOT NULL DEFAULT clock_timestamp(),
    state           text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead')),
    queued          timestamptz NOT NULL DEFAULT clock_timestamp(),  -- a replay is queued anew
    next_attempt    timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts        integer     NOT NULL DEFAULT 0,
    last_attempt    timestamptz,
    response_status integer,
    error           text        NOT NULL DEFAULT '',
    UNIQUE (endpoint, event_id)
);
CREATE INDEX webhook_deliveries_due    ON webhook_deliveries (endpoint, next_attempt) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_recent ON webhook_deliveries (endpoint, id DESC);
CREATE INDEX webhook_deliveries_old    ON webhook_deliveries (queued) WHERE state <> 'pending';

-- `failed` is the phase of a case whose engine failed for good. A refusal, and a video recalled before anybody could have
-- it, read as failed under /v1, so that whoever waits for video.completed or video.failed hears of every end.
CREATE FUNCTION queue_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.phase = OLD.phase THEN
        RETURN NULL;
    END IF;
    INSERT INTO webhook_deliveries (endpoint, event_id, event_type, case_id)
    SELECT e.id, 'evt_' || md5(NEW.id || ':' || NEW.revision || ':' || t.type), t.type, NEW.id
    FROM (VALUES ('published', 'video.completed'), ('failed', 'video.failed'), ('refused', 'video.failed'),
                 ('withdrawn', 'video.failed'), ('held', 'assay.video.held'), ('refused', 'assay.video.refused'),
                 ('withdrawn', 'assay.video.withdrawn')) AS t (phase, type)
    JOIN webhook_endpoints e ON e.account = NEW.author AND t.type = ANY (e.event_types) AND e.disabled IS NULL
    WHERE t.phase = NEW.phase
      AND NOT (t.phase = 'withdrawn' AND t.type = 'video.failed' AND NEW.body ->> 'published' IS NOT NULL)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER queue_webhooks AFTER INSERT OR UPDATE OF phase ON cases FOR EACH ROW
    WHEN (NEW.phase IN ('published', 'failed', 'refused', 'held', 'withdrawn'))
    EXECUTE FUNCTION queue_webhooks();
