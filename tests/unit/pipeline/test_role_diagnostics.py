"""What the doctor says of roles."""

from core.roles import Role
from pipeline.accounts import Account
from pipeline.diagnostics.role_checks import check_roles

OPERATOR, MODERATOR = Role.OPERATOR, Role.MODERATOR


def lacking(*roles, one_person=False, closed=False):
    accounts = [Account(id=f"a{number}", roles=frozenset(held), closed=closed) for number, held in enumerate(roles)]
    return [says for state, says in check_roles(accounts, one_person=one_person) if state == "lacks"]


def test_an_account_that_is_operator_and_moderator_is_named():
    (says,) = lacking({OPERATOR, MODERATOR}, {MODERATOR}, {OPERATOR})
    assert says.startswith("account a0 is operator and moderator")
    assert not lacking({MODERATOR}, {MODERATOR}, {OPERATOR})


def test_an_installation_in_which_nobody_moderates_or_people_rule_on_their_own_cases_is_told_so():
    assert (
        "no account moderates" in lacking({OPERATOR})[0]
        and "no account moderates" in lacking({MODERATOR}, closed=True)[0]
    )
    assert "may rule on it" in lacking({MODERATOR}, one_person=True)[0]
    assert "2 accounts moderate" in lacking({MODERATOR}, {MODERATOR}, one_person=True)[0]


def test_a_moderator_who_is_alone_is_told_that_appeals_wait():
    assert "appeals against its rulings wait" in lacking({MODERATOR}, {OPERATOR})[0]
