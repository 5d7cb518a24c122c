"""Roles, countries, and who may not be somebody's second pair of eyes yet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staff import audit, officers
from staff.errors import OfficerRefusedError
from staff.officers import Grant, Officer, Role
from tests.staff.conftest import Door

CODES = st.sampled_from(["IS", "NO", "TH", "VN"])
GRANTS = st.builds(Grant, st.sampled_from(list(Role)), st.none() | st.frozensets(CODES))


@given(st.lists(GRANTS, max_size=4), st.sampled_from(list(Role)), st.frozensets(CODES))
def test_may_is_having_every_country(grants: list[Grant], role: Role, asked: frozenset[str]) -> None:
    who = Officer(1, "a", "A", tuple(grants))
    mine = [grant for grant in grants if grant.role is role]
    everywhere = any(grant.countries is None for grant in mine)
    each = all(any(code in (grant.countries or ()) for grant in mine) for code in asked)
    assert who.may(role, asked) == (everywhere or (bool(asked) and each))
    assert who.has(role) == bool(mine)


async def test_grants_are_kept_as_given(door: Door) -> None:
    made = await door.add("anna", Grant(Role.AUTHOR, frozenset({"NO", "IS"})), Grant(Role.AUDITOR, None))
    async with door.database.read() as connection:
        anna = await officers.load(connection, made.officer_id)
        assert anna == await officers.by_login(connection, "anna")
    assert anna is not None
    assert anna.countries(Role.AUTHOR) == {"IS", "NO"}
    assert anna.countries(Role.AUDITOR) is None
    assert anna.countries(Role.CASE) == frozenset()


async def test_whoever_made_or_reset_somebody_is_remembered_for_a_day(door: Door) -> None:
    root = await door.add("root")
    door.clock.pass_by(days=2)
    eve = await door.add("eve", by=root.officer_id)
    mallory = await door.add("mallory", by=eve.officer_id)
    old = await door.add("old")
    door.clock.pass_by(days=3)
    await door.enrolment.reset(old.officer_id, by=mallory.officer_id)

    async def made_by(login: str, who: int) -> bool:
        async with door.database.read() as connection:
            found = await officers.by_login(connection, login)
        assert found is not None
        return found.made_by_any([who], door.clock.at)

    assert await made_by("old", mallory.officer_id)
    assert not await made_by("old", eve.officer_id), "eve made mallory more than a day ago"
    assert not await made_by("eve", root.officer_id)
    puppet = await door.add("puppet", by=mallory.officer_id)
    second = await door.add("second", by=puppet.officer_id)
    assert second.officer_id
    assert await made_by("second", mallory.officer_id), "makers of makers count"
    door.clock.pass_by(hours=25)
    assert not await made_by("second", mallory.officer_id)


async def test_a_reset_changes_everything_that_opens(door: Door) -> None:
    anna = await door.add("anna")
    again = await door.enrolment.reset(anna.officer_id)
    assert again.password != anna.password
    assert again.totp_secret != anna.totp_secret
    who, _ = await door.sign_in.sign_in("anna", again.password, door.code(again))
    assert who == anna.officer_id


@pytest.mark.parametrize(
    ("login", "name", "countries", "code"),
    [
        ("Æ", "A", None, "login_malformed"),
        ("a b", "A", None, "login_malformed"),
        ("anna", " ", None, "name_length"),
        ("anna", "A", frozenset({"Iceland"}), "country_malformed"),
        ("anna", "A", frozenset(), "country_malformed"),
        ("taken", "A", None, "login_taken"),
    ],
)
async def test_what_cannot_be_enrolled(
    door: Door, login: str, name: str, countries: frozenset[str] | None, code: str
) -> None:
    await door.add("taken")
    with pytest.raises(OfficerRefusedError) as refused:
        await door.enrolment.add(login=login, name=name, grants=[Grant(Role.AUTHOR, countries)])
    assert refused.value.code == code


async def test_enrolment_is_audited_without_a_secret(door: Door) -> None:
    anna = await door.add("anna")
    again = await door.enrolment.reset(anna.officer_id, by=anna.officer_id)
    await door.enrolment.change_grants(anna.officer_id, [Grant(Role.CASE, frozenset({"IS"}))], by=7)
    await door.enrolment.lock(anna.officer_id, by=7)
    async with door.database.read() as connection:
        entries = await audit.newest(connection)
        assert await officers.load(connection, anna.officer_id) is None
        assert await officers.names(connection) == {anna.officer_id: "Anna"}
    assert [entry.action for entry in entries] == [
        "officer.lock", "officer.grants", "officer.reset", "officer.add"
    ]  # fmt: skip
    for secret in (anna.password, anna.totp_secret, again.password, again.totp_secret):
        assert secret not in str(entries)
        assert secret not in repr(anna) + repr(again)


async def test_nobody_unknown_is_reset(door: Door) -> None:
    with pytest.raises(OfficerRefusedError):
        await door.enrolment.reset(77)
