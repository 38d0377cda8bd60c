-- Texts are encrypted under the key of their case, which is not kept in this database. A body is a text of an older Assay
-- that still lies in the clear: `assay protect` encrypts it.
ALTER TABLE texts
    ADD COLUMN sealed bytea,
    DROP CONSTRAINT texts_check,
    ADD CONSTRAINT texts_are_kept_or_erased CHECK (num_nonnulls(body, sealed, erased_at) = 1);

CREATE INDEX texts_in_the_clear ON texts (id) WHERE body IS NOT NULL;
