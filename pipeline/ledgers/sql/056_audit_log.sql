-- The Merkle log over the events: one entry for each, in the order in which they were anchored (pipeline.audit).
CREATE TABLE audit_log (
    position bigint  PRIMARY KEY CHECK (position >= 0),
    case_id  text    NOT NULL,
    revision integer NOT NULL,
    entry    text    NOT NULL,  -- the event's record
    UNIQUE (case_id, revision)
);

-- Its signed heads. The frontier is what a later head is computed from, without reading the log again.
CREATE TABLE audit_checkpoints (
    size     bigint      PRIMARY KEY CHECK (size > 0),
    note     text        NOT NULL,
    frontier bytea[]     NOT NULL,
    through  timestamptz NOT NULL,  -- the time of the newest event in it
    at       timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE FUNCTION audit_log_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only: % is not allowed', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_stays();
CREATE TRIGGER audit_checkpoints_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_stays();
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_stays;
ALTER TABLE audit_checkpoints ENABLE ALWAYS TRIGGER audit_checkpoints_stay;
