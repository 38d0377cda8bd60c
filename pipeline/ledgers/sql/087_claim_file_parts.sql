-- Proof is kept in parts, each encrypted by itself, so that no file is ever in memory whole. Files that came before lie
-- in `sealed` as they did, and have no parts.
CREATE TABLE claim_file_parts (
    file_id text    NOT NULL REFERENCES claim_files (id) ON DELETE CASCADE,
    number  integer NOT NULL,
    sealed  bytea   NOT NULL,
    PRIMARY KEY (file_id, number)
);
ALTER TABLE claim_files ALTER COLUMN sealed DROP NOT NULL;
