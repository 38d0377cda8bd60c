-- The manifest repository. Manifests of cases are not stored twice: the ledger says which there are and the vault has
-- their bytes. These tables hold only what others hand in, what is bound to what, and a receipt for everything done.
CREATE TABLE manifests (
    key    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id     text        NOT NULL,
    digest text        NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    size   bigint      NOT NULL CHECK (size > 0),
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (id, digest)
);

CREATE TABLE manifest_bindings (
    key         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    algorithm   text        NOT NULL,
    value       text        NOT NULL,
    manifest_id text        NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (algorithm, value, manifest_id)
);

-- A chain: each receipt carries the hash of the one before, so that none can be taken out or changed unseen.
CREATE TABLE manifest_receipts (
    number      bigint      PRIMARY KEY,
    kind        text        NOT NULL CHECK (kind IN ('stored', 'deleted')),
    manifest_id text        NOT NULL,
    digest      text        NOT NULL,
    reason      text        NOT NULL,
    by          text        NOT NULL,
    at          timestamptz NOT NULL,
    previous    text        NOT NULL,
    hash        text        NOT NULL UNIQUE
);

CREATE INDEX manifest_receipts_by_id ON manifest_receipts (manifest_id, number);

CREATE FUNCTION manifests_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is not allowed', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER manifests_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON manifests
    FOR EACH STATEMENT EXECUTE FUNCTION manifests_stay();
CREATE TRIGGER manifest_bindings_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON manifest_bindings
    FOR EACH STATEMENT EXECUTE FUNCTION manifests_stay();
CREATE TRIGGER manifest_receipts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON manifest_receipts
    FOR EACH STATEMENT EXECUTE FUNCTION manifests_stay();

CREATE INDEX events_by_manifest ON events ((body ->> 'manifest_id')) WHERE body ->> 'type' = 'Sealed';
CREATE INDEX events_by_payload  ON events ((body ->> 'payload')) WHERE body ->> 'type' = 'Sealed';

-- All manifests that may be handed out: what was deleted is not among them, whoever sealed or stored it.
CREATE VIEW manifest_entries AS
SELECT entry.* FROM (
    SELECT body ->> 'manifest_id' AS id, body #>> '{manifest,digest}' AS digest, (body #>> '{manifest,size}')::bigint AS size,
           at, case_id, body ->> 'soft_binding' AS algorithm, body ->> 'payload' AS value
    FROM events WHERE body ->> 'type' = 'Sealed'
    UNION ALL
    SELECT id, digest, size, at, NULL, NULL, NULL FROM manifests
) AS entry
WHERE NOT EXISTS (
    SELECT 1 FROM manifest_receipts r
    WHERE r.kind = 'deleted' AND r.manifest_id = entry.id AND r.digest = entry.digest
);
