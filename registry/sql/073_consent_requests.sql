-- A lease for one order covers that order and nothing that is made from it. Empty: every order.
ALTER TABLE leases ADD COLUMN case_id text NOT NULL DEFAULT '';
CREATE INDEX leases_for_one_order ON leases (case_id) WHERE case_id <> '';

-- From whom a cameo takes requests. No row: from mutuals, of a minor from nobody.
CREATE TABLE consent_request_settings (
    cameo text PRIMARY KEY,
    takes text NOT NULL CHECK (takes IN ('nobody', 'mutuals', 'everyone'))
);

-- Whose requests an owner does not get. Nobody is told that they are in it.
CREATE TABLE consent_request_blocks (
    owner text        NOT NULL,
    asker text        NOT NULL,
    at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (owner, asker)
);

-- Who asked whom for consent to one order. `asker` is an account or one of its end users. `message` is the id of a text
-- of the order, erased with it; `shows_prompt`: the owner may read the order's prompt. `withheld`: the owner does not
-- get it, since they blocked the asker, who is told what everybody is told whom nobody answers.
CREATE TABLE consent_requests (
    key          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           text        NOT NULL UNIQUE,
    cameo        text        NOT NULL,
    case_id      text        NOT NULL,
    asker        text        NOT NULL,
    message      text        NOT NULL DEFAULT '',
    shows_prompt boolean     NOT NULL DEFAULT false,
    withheld     boolean     NOT NULL DEFAULT false,
    state        text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'granted', 'refused', 'expired', 'ended')),
    lease        text        NOT NULL DEFAULT '',
    asked        timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires      timestamptz NOT NULL,
    answered     timestamptz,
    UNIQUE (case_id, cameo)
);
CREATE INDEX consent_requests_by_cameo ON consent_requests (cameo, key DESC);
CREATE INDEX consent_requests_by_account ON consent_requests ((split_part(asker, '#', 1)), asked);
CREATE INDEX consent_requests_by_answer ON consent_requests (answered) WHERE answered IS NOT NULL;
CREATE INDEX consent_requests_open ON consent_requests (expires) WHERE state = 'open';

-- Challenges of all end users of an account together.
CREATE INDEX enrolments_by_speaker ON enrolments ((split_part(account, '#', 1)), issued);
