-- Who sent claims, so that floods and repeated false claims are seen. `key` is a keyed hash of an address, made by the
-- claims desk; nobody is known by it who does not come again. Rows are deleted once no rule looks at them any more.
--   came         a claim was sent from there           sender     this claim was sent from there
--   turned_away  there were too many on that day       rejected   this claim was found to be false
--   behind       this claim waits behind others        proof_first  it waits for proof
CREATE TABLE claim_activity (
    id    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key   text        NOT NULL CHECK (key <> ''),
    claim text        NOT NULL DEFAULT '',
    what  text        NOT NULL CHECK (what IN ('came', 'turned_away', 'sender', 'behind', 'proof_first', 'rejected')),
    rule  text        NOT NULL DEFAULT '',
    at    timestamptz NOT NULL
);
CREATE INDEX claim_activity_of_key ON claim_activity (key, what, at);
CREATE INDEX claim_activity_of_claim ON claim_activity (claim) WHERE claim <> '';
CREATE UNIQUE INDEX claim_activity_once ON claim_activity (key, claim, what) WHERE what IN ('sender', 'rejected');
