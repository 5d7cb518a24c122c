"""The audit's rules for text messages, WhatsApp and Viber: a clean copy passes, each wrong one is caught."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from simulator.audit import AuditReport, audit
from simulator.audit_facts import AlertFacts, Board, facts_from
from simulator.citizen import Channel, Citizen, Fate, Telling
from simulator.geometry import Area, Circle
from simulator.ledger import Ledger
from simulator.mixes import viber_id
from simulator.population import Population
from simulator.records import Act, Arrival, Attempt, Listed, WebhookPost

CODE = "ABC234"
ALL = ("safe:ABC234", "help:ABC234", "full:ABC234")
KNOCK = "Gale. The ministry warns people in the bay. Code ABC234."
WHOLE = "Gale. Stay inside.\n\n1. I am safe\n2. I need help"
SHORT = "Gale. Stay inside.\nthe bay\nMinistry\nReply 1 SAFE, 2 NEED HELP\nABC234"
SHORT_ONE_WAY = "Gale. Stay inside.\nthe bay\nMinistry\nCall +354 555 0100\nABC234"
FACTS = AlertFacts(
    code=CODE,
    approved_at=1000.0,
    area=Area((Circle(64.0, -21.0, 20.0),)),
    markers={"en": "Gale"},
    texts={"en": ("Gale. Stay inside.",)},
    short={"en": ("Gale. Stay inside.", "the bay", "Ministry")},
    labels={"en": ("I am safe", "I need help")},
    knocks={"en": (KNOCK,)},
    reply_markers=("Reply 1",),
    second_notice_markers=("2nd notice",),
    deadline_s=10.0,
)


def citizen(*channels: Channel, number: str = "+12025550101", **more: Any) -> Citizen:
    return Citizen(
        id="c-1",
        channels=channels,
        language="en",
        client_language="en",
        lat=64.0,
        lon=-21.0,
        country="IS",
        telling=Telling.CITY,
        place="Reykjavik",
        number=number if {Channel.SMS, Channel.WHATSAPP} & set(channels) else "",
        viber_id=viber_id(1) if Channel.VIBER in channels else "",
        telegram_id=10_000_000_001 if Channel.TELEGRAM in channels else None,
        **more,
    )


@dataclass
class Scene:
    """One person, what they were sent, and what became of it."""

    person: Citizen
    facts: AlertFacts = FACTS
    ledger: Ledger = field(default_factory=Ledger)

    def __post_init__(self) -> None:
        self.act(1.0, "registered")

    def act(self, at: float, what: str, channel: str = "", value: str = "", code: str = CODE) -> None:
        self.ledger.write(
            Act(citizen="c-1", channel=channel, what=what, value=value, code=code, mono=at, wall=at)
        )

    def send(self, at: float, channel: Channel, text: str, *, arrives: str = "delivered", **more: Any) -> str:
        """Send, let the phone have it a moment later, and tell the service; returns the message's id."""
        addresses = {Channel.VIBER: self.person.viber_id, Channel.TELEGRAM: str(self.person.telegram_id)}
        to = addresses.get(channel, self.person.number)
        name = f"m{len(self.ledger)}"
        values: dict[str, Any] = {
            "attempt_id": 1,
            "channel": channel,
            "account": "1",
            "recipient": to,
            "method": "x",
            "text": text,
            "mono": at,
            "wall": at,
            "accepted": True,
            "message_id": name,
            "status": 201,
        }
        self.ledger.write(Attempt(**(values | more)))
        if channel is not Channel.TELEGRAM and arrives:
            self.become(at + 0.1, channel, to, name, arrives)
        return name

    def become(self, at: float, channel: Channel, to: str, name: str, status: str) -> None:
        self.ledger.write(
            Arrival(
                attempt_id=1,
                channel=channel,
                account="1",
                recipient=to,
                message_id=name,
                status=status,
                mono=at,
                wall=at,
            )
        )
        self.ledger.write(
            WebhookPost(
                account="1",
                chat=to,
                update_id=0,
                update=f"status.{status}",
                tries=1,
                status=200,
                mono=at,
                wall=at,
                channel=channel,
                message_id=name,
            )
        )

    def report(self) -> AuditReport:
        return audit(self.ledger, Population((self.person,)), self.facts)

    def failed(self) -> set[str]:
        return set(self.report().failures)


SMS, WHATSAPP, VIBER = (citizen(one) for one in (Channel.SMS, Channel.WHATSAPP, Channel.VIBER))
THAI = citizen(Channel.SMS, number="+66600000001")


@pytest.mark.parametrize(
    ("person", "text", "failed"),
    [
        (SMS, SHORT, set()),
        (SMS, SHORT.replace(CODE, ""), {"altered"}),
        (SMS, SHORT.replace("the bay\n", ""), {"altered"}),
        (SMS, SHORT + "\n" + "x" * 300, {"parts"}),
        (SMS, SHORT + "\nก" + "x" * 140, {"parts"}),
        (THAI, SHORT_ONE_WAY, set()),
        (THAI, SHORT, {"one-way"}),
    ],
)
def test_text_messages(person: Citizen, text: str, failed: set[str]) -> None:
    scene = Scene(person)
    scene.send(1001.0, Channel.SMS, text)
    assert scene.failed() == failed


def test_whatsapp_shows_the_knock_as_approved_and_the_whole_text_once_it_is_asked_for() -> None:
    scene = Scene(WHATSAPP)
    scene.send(1001.0, Channel.WHATSAPP, KNOCK, template="HX1", buttons=ALL)
    assert scene.failed() == set()
    scene.act(1002.0, "full", Channel.WHATSAPP)
    assert scene.failed() == {"unopened"}
    scene.send(1003.0, Channel.WHATSAPP, WHOLE)
    assert scene.failed() == set()
    assert scene.report().seen["whole texts"] == 1
    scene.send(1004.0, Channel.WHATSAPP, WHOLE)
    assert scene.failed() == {"unopened"}


@pytest.mark.parametrize(
    ("text", "more", "failed"),
    [
        (WHOLE, {}, set()),
        (WHOLE.replace("2. I need help", ""), {}, {"altered"}),
        (KNOCK, {"template": "HX1", "buttons": ALL[:2]}, {"altered"}),
        (KNOCK.replace("the bay", "the ministry"), {"template": "HX1", "buttons": ALL}, {"altered"}),
    ],
)
def test_what_whatsapp_shows(text: str, more: dict[str, Any], failed: set[str]) -> None:
    scene = Scene(WHATSAPP)
    scene.send(1001.0, Channel.WHATSAPP, text, **more)
    assert scene.failed() == failed


def test_an_answer_without_a_code_belongs_to_the_message_it_was_given_to() -> None:
    scene = Scene(WHATSAPP)
    name = scene.send(1001.0, Channel.WHATSAPP, WHOLE)
    scene.act(1002.0, "answer", Channel.WHATSAPP, "safe", code=f"@{name}")
    scene.act(1003.0, "answer", Channel.WHATSAPP, "help", code="@another")
    assert scene.report().figures["safe"] == 1
    assert scene.report().figures["need_help"] == 0


def test_what_the_service_found_in_a_list_it_knows() -> None:
    scene = Scene(SMS)
    name = scene.send(1001.0, Channel.SMS, SHORT, arrives="")
    arrival = {"recipient": SMS.number, "message_id": name, "status": "delivered", "mono": 1002, "wall": 1002}
    scene.ledger.write(Arrival(attempt_id=1, channel=Channel.SMS, account="1", **arrival))
    figures = {"people_targeted": 1, "reached": 1, "not_reached": 0, "safe": 0, "need_help": 0, "silent": 1}
    board = Board(**figures, accepted={"sms": 1}, delivered={"sms": 1})

    def failed() -> set[str]:
        return set(audit(scene.ledger, Population((SMS,)), FACTS, board).failures)

    assert failed() == {"receipts"}  # nobody told it, and it did not ask
    scene.ledger.write(
        Listed(
            channel=Channel.SMS, chat=SMS.number, message_id=name, status="delivered", mono=1003, wall=1003
        )
    )
    assert failed() == set()


def test_viber_wraps_its_buttons() -> None:
    scene = Scene(VIBER)
    wrapped = tuple(f";;{data};0123456789ab" for data in ALL[:2])
    scene.send(1001.0, Channel.VIBER, "Gale. Stay inside.", buttons=wrapped)
    assert scene.failed() == set()


def test_what_a_provider_took_and_lost_is_no_copy() -> None:
    scene = Scene(SMS)
    scene.send(1001.0, Channel.SMS, SHORT, arrives="undelivered")
    assert "missing" in scene.failed()
    assert scene.report().figures["reached"] == 0


def test_receipts_are_counted_where_they_were_given() -> None:
    scene = Scene(VIBER)
    scene.send(1001.0, Channel.VIBER, WHOLE)
    figures = {"reached": 1, "not_reached": 0, "safe": 0, "need_help": 0, "silent": 1}
    board = Board(people_targeted=1, accepted={"viber": 1}, delivered={"viber": 1}, **figures)
    people = Population((scene.person,))
    assert audit(scene.ledger, people, FACTS, board).ok
    lost = audit(scene.ledger, people, FACTS, replace(board, delivered={}))
    assert set(lost.failures) == {"receipts"}


def test_a_handset_that_is_off_keeps_its_copy_with_the_provider() -> None:
    scene = Scene(replace(WHATSAPP, fate=Fate.OFF, fate_on=Channel.WHATSAPP))
    scene.send(1001.0, Channel.WHATSAPP, WHOLE, arrives="")
    assert scene.report().figures["reached"] == 1


@pytest.mark.parametrize(
    ("first", "at", "text", "failed"),
    [
        ("delivered", 1020.0, f"2nd notice\n{SHORT}", {"duplicate"}),  # it had arrived, and we were told
        ("", 1020.0, f"2nd notice\n{SHORT}", set()),  # silent beyond the deadline
        ("", 1005.0, f"2nd notice\n{SHORT}", set()),  # nothing of the first ever arrived
    ],
)
def test_second_notices(first: str, at: float, text: str, failed: set[str]) -> None:
    scene = Scene(citizen(Channel.WHATSAPP, Channel.SMS))
    scene.send(1001.0, Channel.WHATSAPP, WHOLE, arrives=first)
    scene.send(at, Channel.SMS, text)
    assert scene.failed() == failed


@pytest.mark.parametrize(("at", "failed"), [(1005.0, {"duplicate"}), (1012.0, set())])
def test_a_channel_without_receipts_is_given_its_time(at: float, failed: set[str]) -> None:
    scene = Scene(citizen(Channel.TELEGRAM, Channel.SMS))
    scene.send(1001.0, Channel.TELEGRAM, "Gale. Stay inside.", buttons=ALL[:2], status=200)
    scene.send(at, Channel.SMS, f"2nd notice\n{SHORT}")
    assert scene.failed() == failed


def test_facts_of_channels_survive_json() -> None:
    assert facts_from(FACTS.to_json()) == FACTS
    assert facts_from(replace(FACTS, deadline_s=float("inf")).to_json()).deadline_s == float("inf")
