-- Only whoever handed a manifest in binds values to it, and takes that back: each is a row, and the last one counts.
-- What was bound before by anybody counts on, and whoever handed the manifest in may unbind it.
ALTER TABLE manifest_bindings DROP CONSTRAINT manifest_bindings_algorithm_value_manifest_id_key;
ALTER TABLE manifest_bindings ADD COLUMN by text NOT NULL DEFAULT '', ADD COLUMN bound boolean NOT NULL DEFAULT true;

CREATE INDEX manifest_bindings_last ON manifest_bindings (algorithm, value, manifest_id, key DESC);

CREATE VIEW manifest_binding_states AS
SELECT DISTINCT ON (algorithm, value, manifest_id) algorithm, value, manifest_id, bound
FROM manifest_bindings ORDER BY algorithm, value, manifest_id, key DESC;
