-- When a case may be looked at next. A case that rests after a failure, or whose engine is at work, is not due before.
ALTER TABLE cases ADD COLUMN due_at timestamptz NOT NULL DEFAULT clock_timestamp();
UPDATE cases SET due_at = moved;
CREATE INDEX cases_by_due ON cases (phase, due_at, id);
