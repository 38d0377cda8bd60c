-- Whose key an identity of an OpenID provider opens: by issuer and subject, and by nothing else that the provider says.
CREATE TABLE oidc_identities (
    issuer  text NOT NULL,
    subject text NOT NULL,
    key     text NOT NULL UNIQUE REFERENCES account_keys ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)
);
