-- Whether any of these cameos was erased. Whoever asks within a transaction keeps them from being erased until it ends:
-- what names them is stored before the erasure, which then finds it, or not at all.
CREATE FUNCTION any_cameo_erased(ids text[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    erased boolean := false;
    one record;
BEGIN
    FOR one IN SELECT state FROM cameos WHERE id = ANY (ids) ORDER BY id FOR SHARE LOOP
        erased := erased OR one.state = 'erased';
    END LOOP;
    RETURN erased;
END
$$;

-- Tells an account something about a case, within the transaction in which it happens. The same is not said twice.
CREATE FUNCTION notify_account(account text, code text, case_id text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO notices (account, code, case_id) VALUES (account, code, case_id) ON CONFLICT DO NOTHING
$$;

-- What a moderator answered to a report: the video came down or stays. `reply` is the id of a text for whoever reported,
-- which is erased with the cameo, as the row is.
ALTER TABLE likeness_reports
    ADD COLUMN answer   text        NOT NULL DEFAULT '' CHECK (answer IN ('', 'taken_down', 'kept')),
    ADD COLUMN code     text        NOT NULL DEFAULT '',
    ADD COLUMN reply    text        NOT NULL DEFAULT '',
    ADD COLUMN by       text        NOT NULL DEFAULT '',
    ADD COLUMN answered timestamptz;
CREATE INDEX likeness_reports_open ON likeness_reports (key) WHERE answer = '';

-- Whoever was at work with somebody when they were erased keeps nothing of them afterwards.
CREATE FUNCTION cameo_is_not_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF any_cameo_erased(ARRAY[NEW.cameo]) THEN
        RAISE EXCEPTION 'this cameo was erased meanwhile' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER cameo_is_not_erased BEFORE INSERT ON cameo_templates FOR EACH ROW EXECUTE FUNCTION cameo_is_not_erased();
CREATE TRIGGER cameo_is_not_erased BEFORE INSERT ON enrolment_pictures FOR EACH ROW EXECUTE FUNCTION cameo_is_not_erased();
CREATE TRIGGER cameo_is_not_erased BEFORE INSERT ON likeness_reports FOR EACH ROW EXECUTE FUNCTION cameo_is_not_erased();
