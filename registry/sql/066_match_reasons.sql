-- Why a match was answered as it was, and that it was none: what looks alike, and is something else.
ALTER TABLE bank_matches
    ADD COLUMN code text NOT NULL DEFAULT '',
    DROP CONSTRAINT bank_matches_state_check,
    ADD CONSTRAINT bank_matches_state_check CHECK (state IN ('open', 'recalled', 'noted', 'kept', 'false'));
CREATE INDEX bank_matches_false ON bank_matches (entry) WHERE state = 'false';
