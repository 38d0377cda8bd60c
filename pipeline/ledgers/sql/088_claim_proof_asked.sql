-- A moderator asks for proof: until when it is waited for, when it came, and since when the clock stands still meanwhile.
ALTER TABLE claims
    ADD COLUMN proof_asked_at   timestamptz,
    ADD COLUMN proof_due_at     timestamptz,  -- null where nothing is waited for
    ADD COLUMN proof_came_at    timestamptz,
    ADD COLUMN clock_stopped_at timestamptz;
CREATE INDEX claims_proof_due ON claims (proof_due_at) WHERE decided_at IS NULL AND proof_due_at IS NOT NULL;
