"""Every guard is needed: with any one of them cut out of its source, a test fails.

The rules of the desk are cut out of its registry; every other guard by its very line (`tests/cutting.py`).
`pytest -rA -k every_guard` or a failing run prints the table: guard, and the scene that caught its absence.
"""

import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from alerts import (
    broadcast,
    desk,
    digest,
    gate,
    inquiry,
    lease,
    planner,
    plans,
    recipients,
    rendering,
    revisions,
    routing,
    rungs,
    standing,
    store,
    targeting,
    work,
)
from alerts.errors import AlertRefusedError
from app import citizens, cli_staff, demo, invitations
from bot import intake
from bot.gateways.telegram import gateway as telegram
from bot.gateways.telegram import settings as telegram_settings
from bot.gateways.twilio import carrier, signature, sms_text
from bot.gateways.twilio import door as twilio_door
from bot.gateways.twilio import settings as twilio_settings
from bot.gateways.webchat import gateway as webchat
from registry import destinations, merging, ways
from storage.vault import Vault
from tests.alerts.dossiers import cases
from tests.cutting import Cut, cut_out
from tests.journeys import refusals as inside
from tests.journeys import refusals_at_the_desk as at_desk
from tests.journeys import refusals_at_the_door as door
from tests.journeys import refusals_at_twilio as sms
from tests.journeys.refusals import Scene
from tests.journeys.small_house import House, open_house

EXAMINE = "            examine(dossier)\n"
UNSIGNED = '    if officer is None:\n        raise RefusedError("nobody is signed in'
OF_A_KIND = "np.flatnonzero(found.drill == drill)"
ALL_OF_THEM = "np.arange(found.person_id.size)"
REACHED = "(warned(), address.c.drill == person.c.drill, person"
SIGNED_ONCE = ".where(revision.c.id == row.id, revision.c.approved_by.is_(None))"

CUTS: tuple[tuple[Cut, Scene], ...] = (
    (Cut(desk, EXAMINE, "", 0), at_desk.the_locked_draft_nothing),
    (Cut(desk, EXAMINE, "", 1), at_desk.the_locked_revise_nothing),
    (Cut(desk, EXAMINE, "", 2), at_desk.the_locked_submit_nothing),
    (Cut(desk, EXAMINE, "", 3), at_desk.nobody_approves_alone),
    (Cut(desk, EXAMINE, "", 4), at_desk.the_locked_stop_nothing),
    (Cut(desk, EXAMINE, "", 5), at_desk.the_locked_follow_nothing_up),
    (Cut(inquiry, "active=fresh is not None", "active=True"), at_desk.the_locked_draft_nothing),
    (
        Cut(inquiry, "officer=fresh or dossier.officer", "officer=dossier.officer"),
        at_desk.roles_taken_away_are_gone,
    ),
    (
        Cut(inquiry, "lost_writers=len(signed) - len(writers)", "lost_writers=0"),
        at_desk.nothing_of_a_locked_author_is_approved,
    ),
    (
        Cut(revisions, SIGNED_ONCE, ".where(revision.c.id == row.id)", 1),
        at_desk.a_revision_is_signed_once,
    ),
    (Cut(store, ", alert.c.state == row.state)", ")"), at_desk.an_alert_moves_once),
    (Cut(store, ", alert.c.state == state)", ")"), at_desk.what_was_cancelled_does_not_begin),
    (
        Cut(plans, "revision.c.approved_at.is_not(None),", ""),
        inside.what_nobody_approved_is_not_planned,
    ),
    (
        Cut(plans, "alert.c.state.in_([AlertState.APPROVED, *LIVE]),", ""),
        inside.what_was_cancelled_is_not_planned,
    ),
    (Cut(planner, "verify_digest(row)"), inside.what_was_changed_is_not_planned),
    (Cut(planner, "drill=row.drill, at=", "drill=False, at="), inside.a_drill_is_planned_for_its_own),
    (
        Cut(targeting, "known.indexes[drill]\n", "known.indexes[False]\n"),
        inside.an_area_finds_real_or_simulated,
    ),
    (
        Cut(
            targeting,
            "take(np.flatnonzero(found.drill == drill))",
            "take(np.arange(found.person_id.size))",
        ),
        inside.an_area_finds_real_or_simulated,
    ),
    (
        Cut(
            targeting,
            "mine = np.flatnonzero(found.drill == drill)",
            "mine = np.arange(found.person_id.size)",
        ),
        inside.an_area_finds_real_or_simulated,
    ),
    (Cut(routing, " and way.drill == drill", ""), inside.no_address_of_another_kind_is_taken),
    (
        Cut(ways, REACHED, "(warned(), person"),
        inside.nobody_is_found_by_an_address_of_another_kind,
    ),
    (
        Cut(
            ways,
            "(warned(), address.c.drill == person.c.drill, ",
            "(address.c.drill == person.c.drill, ",
        ),
        inside.who_said_stop_is_not_found,
    ),
    (
        Cut(rungs, "if stands.refusal(now):", "if False:"),
        inside.the_next_rung_of_a_cancelled_alert_stays_empty,
    ),
    (
        Cut(recipients, "self.destination.drill != drill or ", ""),
        inside.a_drill_never_reaches_a_real_address,
    ),
    (
        Cut(recipients, " or self.drill != drill", ""),
        inside.a_row_for_a_real_alert_carries_no_drill,
    ),
    (
        Cut(recipients, '"" if self.destination.wanted else UNWANTED', '""'),
        inside.who_says_stop_meanwhile_gets_nothing,
    ),
    (
        Cut(destinations, " and drill == person_drill", ""),
        inside.a_turned_person_gets_nothing,
    ),
    (
        Cut(work, "elif refusal := person.refusal(drill=standing.drill):", "elif refusal := '':"),
        inside.a_real_alert_never_reaches_a_simulated_address,
    ),
    (
        Cut(standing, "drill=is_drill(row.status)", "drill=False"),
        inside.a_row_called_real_takes_no_drill_to_a_real_address,
    ),
    (
        Cut(standing, "if self.state not in MAY_SEND:", "if False:"),
        inside.what_was_cancelled_is_not_sent,
    ),
    (
        Cut(standing, '"expired" if now >= self.expires_at else ""', '""'),
        inside.what_is_over_is_not_sent,
    ),
    (
        Cut(standing, "if known and self._clock.monotonic() - known[0] < FRESH_S:", "if known:"),
        inside.a_sender_asks_again_every_second,
    ),
    (
        Cut(broadcast, "        if refusal:\n", "        if False:\n"),
        inside.what_was_cancelled_is_not_sent,
    ),
    (Cut(rendering, "verify_digest(revision)"), inside.what_was_changed_is_not_sent),
    (
        Cut(digest, "if revision.digest is None or revision.approved_by is None:", "if False:"),
        door.only_what_was_approved_counts,
    ),
    (Cut(digest, "if not hmac.compare_digest(", "if None and ("), door.every_word_is_under_the_digest),
    (Cut(lease, "not held.lost and ", ""), door.who_lost_an_entry_does_not_send),
    (
        Cut(lease, " and self._clock.monotonic() < held.until", ""),
        door.who_was_frozen_does_not_send,
    ),
    (
        Cut(broadcast, " or not self._may_leave(item):", ":"),
        door.who_was_frozen_while_rendering_does_not_send,
    ),
    (
        Cut(telegram, "same and self._settings.secret", "self._settings.secret"),
        door.a_webhook_needs_the_secret,
    ),
    (
        Cut(telegram, "same and self._settings.secret", "same"),
        door.without_a_secret_no_webhook_counts,
    ),
    (Cut(intake, "door.verify(hook)"), door.what_is_forged_is_not_stored),
    (
        Cut(webchat, "check_same_site(hook.headers, self._origin)"),
        door.another_site_cannot_speak_for_a_browser,
    ),
    (Cut(webchat, "if chat is None:", "if False:"), door.an_unknown_cookie_is_nobody),
    (
        Cut(citizens, " or person.drill != event.drill", ""),
        door.a_drill_answer_says_nothing_of_a_real_event,
    ),
    (
        Cut(merging, "if pair[0].drill is not pair[1].drill:", "if False:"),
        door.real_and_simulated_never_become_one,
    ),
    (Cut(invitations, "if not hmac.compare_digest(", "if None and ("), door.a_forged_invitation_is_none),
    (Cut(invitations, 'today.strftime("%Y%m%d") <= day', "True"), door.an_old_invitation_is_none),
    (
        Cut(cli_staff, "if as_login and not settings.demo:", "if False:"),
        door.nobody_acts_as_another_outside_a_demo,
    ),
    (
        Cut(
            cli_staff,
            '    if officer is None:\n        raise RefusedError("nobody',
            '    if False:\n        raise RefusedError("nobody',
        ),
        door.nobody_acts_unsigned,
    ),
    (Cut(demo, "if token and token != DEMO_TOKEN:", "if False:"), door.a_demo_takes_no_token),
    (
        Cut(demo, 'if str(getattr(settings, name) or ""):', "if False:"),
        door.a_demo_takes_no_database_nor_address,
    ),
    (
        Cut(demo, "if name in settings.model_fields_set:", "if False:"),
        door.a_demo_takes_no_api_base,
    ),
    *(
        (Cut(telegram_settings, line, "if False:"), door.half_a_telegram_is_none)
        for line in (
            "if not _TOKEN.fullmatch(self.token):",
            "if self.public_url and not self.secret:",
            "if self.secret and not _SECRET.fullmatch(self.secret):",
            "if not is_safe_url(self.api_base):",
            "if self.public_url and not is_safe_url(self.public_url):",
        )
    ),
    (
        Cut(signature, "if not (any(fits) and intact):", "if not intact:"),
        sms.a_text_message_needs_twilios_signature,
    ),
    (Cut(signature, "if not (any(fits) and intact):", "if not any(fits):"), sms.json_is_what_was_signed),
    (Cut(signature, "or not self._usable or", "or"), sms.without_a_token_no_text_message_counts),
    (
        Cut(twilio_door, 'if form and form.get("AccountSid") not in', "if False and form.get('x') not in"),
        sms.a_neighbours_message_is_not_ours,
    ),
    (
        Cut(sms_text, "if frame is Frame.DRILL and not pieces.mark:", "if False:"),
        sms.a_drill_says_so_at_both_ends,
    ),
    (
        Cut(sms_text, 'last=mark.split(". ")[0] if frame is Frame.DRILL else "",', 'last="",'),
        sms.a_drill_says_so_at_both_ends,
    ),
    (Cut(carrier, "if word is CarrierWord.STOP:", "if False:"), sms.a_carriers_stop_is_a_stop),
    (Cut(carrier, "if named in set(CarrierWord):", "if False:"), sms.a_carriers_stop_is_a_stop),
    *(
        (Cut(twilio_settings, line, "(False,"), sms.half_a_twilio_is_none)
        for line in (
            "(not _TOKEN.fullmatch(self.auth_token),",
            "(not is_safe_url(self.api_base),",
        )
    ),
    (Cut(twilio_settings, "if wrong:", "if False:"), sms.half_a_twilio_is_none),
)


@pytest.fixture
async def house(
    sqlite_template: Path, tmp_path: Path, redis_server: str, vault: Vault
) -> AsyncIterator[House]:
    path = tmp_path / "house.db"
    shutil.copy(sqlite_template, path)
    async with open_house(f"sqlite:///{path}", redis_server, vault) as opened:
        yield opened


SCENES = tuple(dict.fromkeys(scene for _, scene in CUTS))


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_it_is_refused(scene: Scene, house: House) -> None:
    await scene(house)


@pytest.mark.parametrize(("cut", "scene"), CUTS, ids=lambda one: getattr(one, "__name__", str(one)))
async def test_without_the_guard_the_scene_fails(
    cut: Cut, scene: Scene, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_out(cut, monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await scene(house)
    sys.stdout.write(f"{cut} | {scene.__name__}\n")


def test_every_rule_of_the_desk_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = list(cases())
    for guard in gate.GUARDS:
        mine = [case for case in scenes if case.guard == guard.name]
        assert mine, f"no case for {guard.name}"
        for case in mine:
            with pytest.raises(AlertRefusedError):
                gate.examine(case.dossier)
        with monkeypatch.context() as without:
            without.setattr(gate, "GUARDS", tuple(one for one in gate.GUARDS if one is not guard))
            for case in mine:
                gate.examine(case.dossier)  # passes now: its test would fail
        sys.stdout.write(f"alerts.gate: {guard.name} | {mine[0]}\n")
