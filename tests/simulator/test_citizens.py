"""A whole population through the real doors of a small service, warned and audited."""

import time
from dataclasses import replace
from typing import Any

import pytest

from simulator.audit import audit
from simulator.audit_facts import AlertFacts, Board
from simulator.audit_figures import Case, figures
from simulator.audit_world import gather
from simulator.citizen import TELEGRAM_AND_WEBCHAT, Channel, Fate, Moment
from simulator.conversation import Stage, Talk
from simulator.person import Pace
from simulator.placing import Shares, circle_area
from simulator.population import Population, generate
from simulator.server import Simulator

AREA = circle_area(64.147, -21.94, 30.0)
CODE = "ABC234"
TEXTS = {
    "en": "Flood in Reykjavik. Leave the valley.",
    "vi": "Lũ ở Reykjavik. Rời thung lũng.",
    "th": "น้ำท่วมที่ Reykjavik",
    "id": "Banjir di Reykjavik. Tinggalkan lembah.",
}
MARKERS = {"en": "Leave the valley", "vi": "Rời thung lũng", "th": "น้ำท่วมที่", "id": "Tinggalkan lembah"}
PACE = Pace(speed=1000.0, parallel=60, patience_s=60.0, fate_window_s=0.1)
SHARES = Shares(edge=0.0, gone=0.3, answers=0.6, help=0.3, away=0.1, refuses=0.05, stops=0.05)


def member_ids(paper: Any, sim: Simulator) -> dict[str, Any]:
    """Citizen id -> the service's member."""
    found = {}
    for name, known in sim.crowd.addresses().items():
        for channel, value in known.items():
            if (channel, value) in paper.members:
                found[name] = paper.members[channel, value]
    return found


@pytest.fixture
def people() -> Population:
    return generate(100, 4, AREA, country="IS", shares=SHARES)


async def test_everybody_registers_on_all_their_channels(
    sim: Simulator, paper: Any, people: Population
) -> None:
    progress = await sim.register(people, paper.url, PACE)
    assert progress.stuck == {}
    assert progress.registered + progress.stopped + progress.refused == len(people)
    assert progress.refused == sum(not one.consents for one in people.citizens)
    members = member_ids(paper, sim)
    for one in people.citizens:
        member = members[one.id]
        if not one.consents:
            assert member.state == "refused"
            continue
        assert member.language == one.language
        wanted = {"telegram", "webchat"} if one.channels == TELEGRAM_AND_WEBCHAT else set(one.channels)
        assert set(member.addresses) == wanted
    linked = {act.citizen for act in sim.ledger.acts("linked")}
    assert linked == {
        one.id for one in people.citizens if one.channels == TELEGRAM_AND_WEBCHAT and one.consents
    }


async def test_a_clean_broadcast_passes_the_audit_to_the_last_figure(
    sim: Simulator, paper: Any, people: Population
) -> None:
    await sim.register(people, paper.url, PACE)
    await sim.drain()
    assert await sim.strike(Moment.BEFORE) > 0
    await sim.drain()
    facts = AlertFacts(code=CODE, approved_at=time.time(), area=AREA, markers=MARKERS)
    members = member_ids(paper, sim)
    aimed = Case(gather(sim.ledger, people, facts), facts, None)
    unreached = []
    for story in aimed.stories():
        if aimed.owed(story):
            rung = await paper.warn(members[story.citizen.id], CODE, TEXTS, ("telegram", "webchat"))
            if not rung or (rung == "webchat" and story.citizen.away):
                unreached.append(story.citizen.id)
    await sim.drain()
    answers = {name: member.answers[CODE] for name, member in members.items() if CODE in member.answers}
    counted = figures(Case(gather(sim.ledger, people, facts), facts, None))
    assert counted["safe"] > 0
    assert counted["need_help"] > 0
    board = Board(
        people_targeted=counted["people_targeted"],
        reached=counted["people_targeted"] - len(unreached),
        not_reached=len(unreached),
        safe=sum(answer == "safe" for answer in answers.values()),
        need_help=sum(answer == "help" for answer in answers.values()),
        silent=counted["people_targeted"] - len(unreached) - len(answers),
        accepted={"telegram": counted["accepted.telegram"], "webchat": len(paper_acked(paper, sim))},
        not_reached_people=tuple(unreached),
        answers=answers,
    )
    report = audit(sim.ledger, people, facts, board)
    assert report.ok, report.table()
    assert unreached, "the population must hold people nobody can reach"
    helped = {act.citizen for act in sim.ledger.acts("place")}
    assert helped == {name for name, answer in answers.items() if answer == "help"}
    assert {act.value for act in sim.ledger.acts("state")} >= {"blocked", "deactivated"}
    # The same broadcast with one figure off, one person unlisted, one copy more: each is caught.
    off = audit(sim.ledger, people, facts, replace(board, safe=board.safe + 1))
    assert set(off.failures) == {"board"}
    hidden = audit(sim.ledger, people, facts, replace(board, not_reached_people=tuple(unreached[1:])))
    assert set(hidden.failures) == {"unreached-unlisted"}
    twice = next(
        story for story in aimed.stories() if aimed.owed(story) and story.citizen.id not in unreached
    )
    await paper.warn(members[twice.citizen.id], CODE, TEXTS, ("telegram", "webchat"))
    await sim.drain()
    again = audit(sim.ledger, people, facts, board)
    assert again.failures == {"duplicate": [twice.citizen.id]}


def paper_acked(paper: Any, sim: Simulator) -> set[str]:
    """Web chat copies the service saw acknowledged."""
    return {one.message_id for one in sim.ledger.accepted("webchat") if one.kind == "alert"} & set(
        paper.acked
    )


def lost_chats(sim: Simulator) -> int:
    """How many Telegram chats became something else than active."""
    return sum(act.value != "active" for act in sim.ledger.acts("state"))


async def test_fates_during_a_warning_strike_by_themselves(sim: Simulator, paper: Any) -> None:
    shares = Shares(webchat=0.0, both=0.0, gone=0.5, refuses=0.0, stops=0.0)
    people = generate(30, 8, AREA, country="IS", shares=shares)
    await sim.register(people, paper.url, PACE)
    await sim.strike(Moment.BEFORE)
    early = sum(one.fate is not Fate.ACTIVE and one.fate_at is Moment.BEFORE for one in people.citizens)
    assert lost_chats(sim) == early
    members = member_ids(paper, sim)
    alive = next(one for one in people.citizens if one.fate is Fate.ACTIVE)
    await paper.warn(members[alive.id], CODE, TEXTS, ("telegram",))
    await sim.drain()
    assert lost_chats(sim) == sum(one.fate is not Fate.ACTIVE for one in people.citizens)


async def test_who_cannot_get_through_is_reported_as_stuck(sim: Simulator) -> None:
    people = generate(3, 1, AREA, country="IS", shares=Shares(webchat=0.0, both=0.0))
    progress = await sim.register(people, "http://127.0.0.1:9", Pace(patience_s=0.2))
    assert progress.stuck == {"greeted": 3}
    assert len(sim.ledger.acts("stuck")) == 3


async def test_only_loopback_services_are_talked_to(sim: Simulator) -> None:
    people = generate(3, 1, AREA, country="IS", shares=Shares(webchat=1.0))
    with pytest.raises(ValueError, match="loopback"):
        await sim.register(people, "http://service.example.org", PACE)


async def test_who_got_stuck_goes_on_where_they_are_through(sim: Simulator, paper: Any) -> None:
    """Beginning anew on a channel where one is protected would be answered by "welcome back", for ever."""
    people = generate(
        1, 3, AREA, country="IS", shares=Shares(webchat=0.0, both=0.0, gone=0.0, refuses=0.0, stops=0.0)
    )
    crowd = sim.let_loose(people, Pace(speed=1000, patience_s=5))
    (person,) = crowd.people.values()
    person.talks[Channel.TELEGRAM] = Talk(Stage.PROTECTED, wants_code=True, code="1")
    person.outcome = "stuck:protected"
    crowd.forgive()
    assert person.talks == {Channel.TELEGRAM: Talk(Stage.PROTECTED)}
    progress = await crowd.register(paper.url)
    assert (progress.registered, progress.stuck) == (1, {})
    assert not sim.ledger.acts("joined"), "they said nothing again"
    person.talks[Channel.TELEGRAM], person.outcome = Talk(Stage.GREETED), "stuck:greeted"
    crowd.forgive()
    assert person.talks == {Channel.TELEGRAM: Talk()}, "half-way is forgotten"
