-- All manifests that may be handed out, as before; what cases were sealed with comes from the ledger's own view.
CREATE OR REPLACE VIEW manifest_entries AS
SELECT entry.* FROM (
    SELECT manifest_id AS id, manifest_digest AS digest, manifest_size AS size, at, case_id,
           soft_binding AS algorithm, payload AS value
    FROM sealed_videos
    UNION ALL
    SELECT id, digest, size, at, NULL, NULL, NULL FROM manifests
) AS entry
WHERE NOT EXISTS (
    SELECT 1 FROM manifest_receipts r
    WHERE r.kind = 'deleted' AND r.manifest_id = entry.id AND r.digest = entry.digest
);
