-- What a decision wants to have put back stands in the row of the claim, written with the decision: whoever dies before it
-- is done, or comes while the video is still on its way down, leaves it to the next sweep. So does a decided answer:
-- the claim that it answers names it once its decision was carried over.
ALTER TABLE claims
    ADD COLUMN put_back_ids    text[] NOT NULL DEFAULT '{}',  -- to go back; empty once they did
    ADD COLUMN put_back_code   text   NOT NULL DEFAULT '',    -- why they go back, of a closed list
    ADD COLUMN carried_answers text[] NOT NULL DEFAULT '{}';  -- decided answers that this claim took over
UPDATE claims SET carried_answers = answered.ids FROM (
    SELECT coalesce(counter_of, appeal_of) AS first, array_agg(id) AS ids FROM claims
    WHERE decided_at IS NOT NULL AND coalesce(counter_of, appeal_of) IS NOT NULL GROUP BY 1
) AS answered WHERE claims.id = answered.first;
CREATE INDEX claims_to_put_back ON claims (received_at) WHERE cardinality(put_back_ids) > 0;
