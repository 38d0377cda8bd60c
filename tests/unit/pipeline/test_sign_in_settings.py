"""What may be said of signing in, and what is refused with a reason."""

import pytest

from core.errors import BadInput
from core.roles import Role
from pipeline.settings import load_settings


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://assay.example", "https://assay.example"),
        ("https://Assay.example:443/", "https://assay.example"),
        ("https://assay.example:8443", "https://assay.example:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_the_address_of_the_pages_is_an_origin(given, origin):
    assert load_settings(web_address=given).web_address == origin


@pytest.mark.parametrize(
    "wrong",
    [
        {
            "oidc_issuer": "https://login.example",
            "web_address": "http://assay.example",
            "oidc_client_id": "a",
            "oidc_roles": "m=moderator",
        },
        {"web_address": "https://assay.example/console"},
        {"web_address": "assay.example"},
        {"require_second_factor": "moderator, king"},
        {"oidc_roles": "moderators"},
        {"oidc_roles": "moderators=king"},
        {"oidc_issuer": "https://login.example"},
        {
            "oidc_issuer": "http://login.example",
            "web_address": "https://a.example",
            "oidc_client_id": "a",
            "oidc_roles": "m=moderator",
        },
    ],
)
def test_what_is_no_address_role_or_whole_provider_is_refused(wrong):
    with pytest.raises(BadInput):
        load_settings(**wrong)


def test_groups_may_have_an_equals_sign_and_roles_are_known():
    settings = load_settings(oidc_roles="cn=mods=moderator, studio=platform", require_second_factor=" operator ")
    assert settings.oidc_group_roles == {"cn=mods": Role.MODERATOR, "studio": Role.PLATFORM}
    assert settings.second_factor_roles == {Role.OPERATOR}
