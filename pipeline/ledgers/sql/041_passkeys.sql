-- Keys that are no tokens: a passkey, or an identity of an OpenID provider. Nobody has a token whose digest is theirs; what
-- opens them is the authenticator, or the provider's word.
ALTER TABLE account_keys ADD COLUMN kind text NOT NULL DEFAULT 'token' CHECK (kind IN ('token', 'passkey', 'oidc'));

CREATE TABLE passkeys (
    key        text    PRIMARY KEY REFERENCES account_keys ON DELETE CASCADE,
    credential bytea   NOT NULL UNIQUE,
    public_key bytea   NOT NULL,
    sign_count bigint  NOT NULL CHECK (sign_count >= 0)
);
-- Challenges that were answered, until nobody could answer them any more: none is answered twice.
CREATE TABLE used_challenges (
    digest text        PRIMARY KEY,
    until  timestamptz NOT NULL
);
