"""Every check of the audit passes on a clean ledger and fails on one with exactly one thing wrong."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from simulator.audit import AuditReport, audit
from simulator.audit_checks import CHECKS
from simulator.audit_facts import AlertFacts, Board, Rule, board_from, facts_from
from simulator.citizen import TELEGRAM_AND_WEBCHAT, TELEGRAM_ONLY, WEBCHAT_ONLY, Citizen, Telling
from simulator.geometry import Area, Circle
from simulator.ledger import Ledger
from simulator.population import Population
from simulator.records import Ack, Attempt, Violation

CODE = "ABC234"
BUTTONS = (f"safe:{CODE}", f"help:{CODE}")
TEXTS = {"en": "Flood. Leave the valley now.", "vi": "Lũ. Rời thung lũng ngay."}
APPROVED = 1000.0
KM = 1 / 111.195  # degrees of latitude in a kilometre


def citizen(number: int, **more: Any) -> Citizen:
    channels = more.pop("channels", TELEGRAM_ONLY)
    values: dict[str, Any] = {
        "id": f"c-{number}",
        "channels": channels,
        "language": "vi",
        "client_language": "vi",
        "lat": 64.0,
        "lon": -21.0,
        "country": "IS",
        "telegram_id": None if channels == WEBCHAT_ONLY else 10_000_000_000 + number,
    }
    return Citizen(**(values | more))


PEOPLE = Population(
    (
        citizen(1),
        citizen(2, language="en"),
        citizen(3, channels=WEBCHAT_ONLY, language="th"),  # no Thai text: English stands in
        citizen(4, channels=TELEGRAM_AND_WEBCHAT),  # Telegram is blocked
        citizen(5),  # Telegram is blocked, nothing else
        citizen(6, lat=64.0 + 23 * KM),  # 3 km outside: may
        citizen(7, lat=64.0 + 26 * KM),  # 6 km outside
        citizen(8, lat=13.75, lon=100.5, country="TH"),
        citizen(9),  # unsubscribed
        citizen(10, channels=WEBCHAT_ONLY),  # refused
        citizen(11),  # answers safe
        citizen(12, channels=WEBCHAT_ONLY),  # needs help
        citizen(13, channels=WEBCHAT_ONLY),  # chat closed
    )
)
FACTS = AlertFacts(
    code=CODE,
    approved_at=APPROVED,
    area=Area((Circle(64.0, -21.0, 20.0),)),
    markers={"en": "Leave the valley", "vi": "Rời thung lũng"},
    fallback=("is", "en"),
    texts={name: (text,) for name, text in TEXTS.items()},
    drill_markers=("[DRILL]",),
    second_notice_markers=("Second notice", "Nhắc lần hai"),
    other_markers=("ALL CLEAR",),
    expires_at=2000.0,
)
BOARD = Board(
    people_targeted=9,
    reached=7,
    not_reached=2,
    safe=1,
    need_help=1,
    silent=5,
    accepted={"telegram": 4, "webchat": 3},
    not_reached_people=("c-5", "c-13"),
    answers={"c-11": "safe", "c-12": "help"},
)


@dataclass
class Scene:
    """A ledger being written, and what the audit is told."""

    ledger: Ledger = field(default_factory=Ledger)
    now: float = 0.0
    facts: AlertFacts = FACTS
    board: Board | None = BOARD
    people: Population = PEOPLE

    def __post_init__(self) -> None:
        self.ledger.wall = self.ledger.mono = lambda: self.now

    def at(self, moment: float) -> "Scene":
        self.now = moment
        return self

    def copy(self, number: int, text: str = TEXTS["vi"], *, acked: bool = True, **more: Any) -> None:
        """A copy of the alert lands with a citizen; web chat is acknowledged unless told otherwise."""
        one = self.people.by_id[f"c-{number}"]
        channel = more.pop("channel", "telegram" if one.on_telegram else "webchat")
        ids = {"telegram": str(one.telegram_id), "webchat": one.id}
        values: dict[str, Any] = {
            "attempt_id": self.ledger.next_attempt(),
            "channel": channel,
            "account": "7",
            "recipient": ids[channel],
            "method": "sendMessage",
            "text": text,
            "buttons": BUTTONS,
            "mono": self.now,
            "wall": self.now,
            "accepted": True,
            "message_id": f"m{len(self.ledger)}",
            "status": 200,
        }
        made = Attempt(**(values | more))
        self.ledger.write(made)
        if acked and channel == "webchat":
            self.ledger.write(Ack(citizen=one.id, message_id=made.message_id, mono=self.now, wall=self.now))

    def refused(self, number: int) -> None:
        self.copy(
            number, accepted=False, status=403, message_id="", error="Forbidden: bot was blocked by the user"
        )

    def audit(self) -> AuditReport:
        return audit(self.ledger, self.people, self.facts, self.board)


def lives(scene: Scene, *, without: tuple[int, ...] = ()) -> None:
    """Everybody registers; then, before the alert, some leave or lose a channel."""
    scene.at(10.0)
    for one in scene.people.citizens:
        if one.on_webchat:
            scene.ledger.act(one.id, "webchat", "online")
        if one.id != "c-10":
            scene.ledger.act(one.id, "", "registered")
    scene.at(20.0).ledger.act("c-10", "webchat", "refused")
    scene.ledger.act("c-9", "", "stopped")
    for number in (4, 5):
        if number not in without:
            scene.ledger.act("", "telegram", "state", "blocked", chat=str(10_000_000_000 + number))
    scene.ledger.act("c-13", "webchat", "offline")


def clean(*, skip: tuple[int, ...] = ()) -> Scene:
    """A run without a fault; copies to the people in `skip` are left to the test."""
    scene = Scene()
    lives(scene)
    scene.at(APPROVED + 1)
    for number, text in (
        (1, TEXTS["vi"]),
        (2, TEXTS["en"]),
        (3, TEXTS["en"]),
        (6, TEXTS["vi"]),
        (11, TEXTS["vi"]),
    ):
        if number not in skip:
            scene.copy(number, text)
    scene.refused(4)
    scene.refused(5)
    scene.at(APPROVED + 9)
    if 4 not in skip:
        scene.copy(4, f"Nhắc lần hai. {TEXTS['vi']}", channel="webchat")
    if 12 not in skip:
        scene.copy(12)
    scene.at(APPROVED + 60)
    scene.ledger.act("c-11", "telegram", "answer", "safe", CODE)
    scene.ledger.act("c-12", "webchat", "answer", "help", CODE)
    return scene


def test_a_clean_run_passes_every_check() -> None:
    report = clean().audit()
    assert report.ok, report.table()
    assert report.figures["people_targeted"] == BOARD.people_targeted
    assert report.seen["must get it"] == 8
    assert report.seen["must not get it"] == 2
    assert all(check.id in report.table() for check in CHECKS)


def without_a_board(change: Callable[[Scene], None], *, skip: tuple[int, ...] = ()) -> AuditReport:
    """The run with one thing wrong, looked at without the board (whose figures would differ as well)."""
    scene = clean(skip=skip)
    scene.board = None
    change(scene)
    return scene.audit()


def late_copy(scene: Scene) -> None:
    scene.facts = replace(FACTS, cancelled_at=APPROVED + 2, expires_at=None)
    scene.at(APPROVED + 7.5).copy(6)


def after_expiry(scene: Scene) -> None:
    scene.at(2000.5).copy(1)


BROKEN: list[tuple[str, str, tuple[int, ...], Callable[[Scene], None]]] = [
    ("missing", "c-1", (1,), lambda scene: None),
    ("missing", "c-4", (4,), lambda scene: None),  # blocked on Telegram, but the web chat worked all the time
    ("duplicate", "c-1", (), lambda scene: scene.at(1002).copy(1)),
    (
        "duplicate",
        "c-4",
        (),
        lambda scene: scene.at(1012).copy(4, f"Second notice. {TEXTS['vi']}", channel="webchat"),
    ),
    ("outside", "c-7", (), lambda scene: scene.at(1001).copy(7)),
    ("outside", "c-8", (), lambda scene: scene.at(1001).copy(8)),
    ("outside", "chat 5", (), lambda scene: scene.at(1001).copy(1, recipient="5")),
    ("language", "c-1", (1,), lambda scene: scene.at(1001).copy(1, TEXTS["en"])),
    ("language", "c-3", (3,), lambda scene: scene.at(1001).copy(3, TEXTS["vi"])),
    ("drill", "c-1", (1,), lambda scene: scene.at(1001).copy(1, f"[DRILL] {TEXTS['vi']}")),
    ("stopped", "c-9", (), lambda scene: scene.at(1001).copy(9)),
    ("stopped", "c-10", (), lambda scene: scene.at(1001).copy(10)),
    ("altered", "c-1", (1,), lambda scene: scene.at(1001).copy(1, TEXTS["vi"][:-4])),
    ("altered", "c-1", (1,), lambda scene: scene.at(1001).copy(1, "Something else")),
    ("altered", "c-1", (1,), lambda scene: scene.at(1001).copy(1, buttons=())),
]


@pytest.mark.parametrize(("check", "who", "skip", "change"), BROKEN)
def test_one_thing_wrong_fails_its_check_and_no_other(
    check: str, who: str, skip: tuple[int, ...], change: Callable[[Scene], None]
) -> None:
    assert without_a_board(change, skip=skip).failures == {check: [who]}


def test_late_and_expired_copies() -> None:
    late = without_a_board(late_copy, skip=(6,)).failures
    assert late == {"late": ["c-12", "c-4", "c-6"]}
    in_time = without_a_board(lambda scene: setattr(scene, "facts", replace(FACTS, cancelled_at=1005.0)))
    assert in_time.ok
    expired = without_a_board(after_expiry, skip=(1,)).failures
    assert expired == {"expired": ["c-1"]}


def test_a_cancelled_alert_is_not_asked_for_those_it_spared() -> None:
    scene = clean(skip=(1, 12))
    scene.board = None
    scene.facts = replace(FACTS, cancelled_at=APPROVED + 5)
    assert "missing" not in scene.audit().failures


def test_allowed_duplicates_are_forgiven_up_to_their_number() -> None:
    for allowed, ok in ((0, False), (1, False), (2, True)):
        scene = clean()
        scene.facts = replace(FACTS, allowed_duplicates=allowed)
        scene.at(1002).copy(1)
        scene.copy(2, TEXTS["en"])
        assert scene.audit().ok is ok


def test_a_second_notice_is_right_only_when_labelled_elsewhere_and_needed() -> None:
    def second(first_acked: bool, text: str) -> AuditReport:
        scene = Scene(people=Population((citizen(1, channels=TELEGRAM_AND_WEBCHAT),)), board=None)
        scene.at(10).ledger.act("c-1", "webchat", "online")
        scene.ledger.act("c-1", "", "registered")
        scene.at(1001).copy(1, channel="webchat", acked=first_acked)
        scene.at(1200).copy(1, text, channel="telegram")
        return scene.audit()

    assert second(False, f"Nhắc lần hai. {TEXTS['vi']}").ok
    assert second(False, TEXTS["vi"]).failures == {"duplicate": ["c-1"]}
    assert second(True, f"Nhắc lần hai. {TEXTS['vi']}").failures == {"duplicate": ["c-1"]}


def test_a_second_notice_after_an_answer_that_was_lost_is_right() -> None:
    scene = Scene(people=Population((citizen(1, channels=TELEGRAM_AND_WEBCHAT),)), board=None)
    scene.at(10).ledger.act("c-1", "webchat", "online")
    scene.ledger.act("c-1", "", "registered")
    scene.at(1001).copy(1, channel="telegram", fault="delay_after")
    scene.at(1200).copy(1, f"Nhắc lần hai. {TEXTS['vi']}", channel="webchat")
    assert scene.audit().ok


def test_a_correction_and_a_redelivered_web_chat_message_are_no_copies() -> None:
    scene = clean()
    scene.at(1100).copy(1, "ALL CLEAR. Rời thung lũng")
    scene.copy(12, again=True)
    scene.copy(8, "Your case is open", buttons=(f"safe:{CODE}",))
    assert scene.audit().ok


def test_broken_limits_fail_and_tolerated_ones_do_not() -> None:
    def broken(rule: str, *, tolerated: bool) -> Violation:
        return Violation(rule=rule, account="7", recipient="1", mono=1, wall=1, tolerated=tolerated)

    scene = clean()
    scene.ledger.write(broken("bot", tolerated=True))
    assert scene.audit().ok
    assert scene.audit().seen["tolerated violations"] == 1
    scene.ledger.write(broken("retry_after", tolerated=False))
    scene.ledger.write(broken("chat", tolerated=False))
    assert scene.audit().failures == {"rate": ["chat limit of bot 7: 1x", "retry_after limit of bot 7: 1x"]}


def test_drills_and_real_people_stay_apart_both_ways() -> None:
    drill = replace(FACTS, drill=True, texts={})
    text = f"[DRILL] {TEXTS['vi']}"

    def one(*, person_of_a_drill: bool, facts: AlertFacts, words: str) -> AuditReport:
        scene = Scene(people=Population((citizen(1, drill=person_of_a_drill),)), facts=facts, board=None)
        scene.at(10).ledger.act("c-1", "", "registered")
        scene.at(1001).copy(1, words)
        return scene.audit()

    assert one(person_of_a_drill=True, facts=drill, words=text).ok
    for failing in (
        one(person_of_a_drill=False, facts=drill, words=text),
        one(person_of_a_drill=True, facts=drill, words=TEXTS["vi"]),
        one(person_of_a_drill=True, facts=FACTS, words=TEXTS["vi"]),
    ):
        assert failing.failures["drill"] == ["c-1"]


def test_who_is_reached_nowhere_must_be_listed() -> None:
    scene = clean()
    scene.board = replace(BOARD, not_reached_people=("c-13",))
    assert scene.audit().failures == {"unreached-unlisted": ["c-5"]}


@pytest.mark.parametrize(
    "name",
    ["people_targeted", "reached", "not_reached", "safe", "need_help", "silent", "telegram", "webchat"],
)
def test_every_figure_of_the_board_is_compared(name: str) -> None:
    scene = clean()
    if name in ("telegram", "webchat"):
        scene.board = replace(BOARD, accepted={**BOARD.accepted, name: BOARD.accepted[name] + 1})
    else:
        scene.board = replace(BOARD, **{name: getattr(BOARD, name) + 1})
    (failed,) = scene.audit().failures["board"]
    assert name in failed
    assert set(scene.audit().failures) == {"board"}


def test_a_copy_without_acknowledgement_is_not_reached() -> None:
    scene = clean(skip=(12,))
    scene.at(1010).copy(12, acked=False)
    failed = scene.audit().failures["board"]
    assert "reached: board 7, audit 6" in failed
    assert "accepted.webchat: board 3, audit 2" in failed


@pytest.mark.parametrize(
    ("recorded", "who"),
    [
        ({"c-11": "safe", "c-12": "help", "c-1": "safe"}, "c-1"),
        ({"c-11": "safe", "c-12": "safe"}, "c-12"),
        ({"c-12": "help"}, "c-11"),
    ],
)
def test_answers_must_be_those_given(recorded: dict[str, str], who: str) -> None:
    scene = clean()
    scene.board = replace(BOARD, answers=recorded)
    assert scene.audit().failures == {"answers": [who]}


def test_a_hash_of_the_whole_text_is_checked_when_given() -> None:
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in TEXTS.items()}
    scene = Scene(people=Population((citizen(1),)), facts=replace(FACTS, texts={}, hashes=hashes), board=None)
    scene.at(10).ledger.act("c-1", "", "registered")
    scene.at(1001).copy(1)
    assert scene.audit().ok
    scene.copy(1, TEXTS["vi"] + " ")
    assert scene.audit().failures["altered"] == ["c-1"]


@pytest.mark.parametrize(
    ("rule", "got", "check"),
    [("must", False, "missing"), ("may", False, ""), ("may", True, ""), ("must_not", True, "outside")],
)
def test_people_who_told_only_their_country(rule: str, got: bool, check: str) -> None:
    somebody = citizen(1, telling=Telling.COUNTRY, place="Iceland")
    facts = replace(FACTS, area_countries=("IS",), country_only=Rule(rule))
    scene = Scene(people=Population((somebody,)), facts=facts, board=None)
    scene.at(10).ledger.act("c-1", "", "registered")
    if got:
        scene.at(1001).copy(1)
    assert set(scene.audit().failures) == ({check} if check else set())


def test_a_whole_country_and_a_city_with_its_margin() -> None:
    country = replace(FACTS, area=Area(countries=("TH",)))
    scene = Scene(people=Population((PEOPLE.by_id["c-8"],)), facts=country, board=None)
    scene.at(10).ledger.act("c-8", "", "registered")
    assert scene.audit().failures == {"missing": ["c-8"]}
    in_a_city = citizen(7, lat=64.0 + 26 * KM, telling=Telling.CITY, place="Reykjavik")
    scene = Scene(people=Population((in_a_city,)), board=None)
    scene.at(1001).copy(7)
    assert scene.audit().ok


def test_a_channel_lost_during_the_alert_asks_for_a_listing_only() -> None:
    scene = clean(skip=(1,))
    scene.at(APPROVED + 0.5).ledger.act("", "telegram", "state", "blocked", chat="10000000001")
    scene.board = replace(BOARD, reached=6, not_reached=3, silent=4, accepted={"telegram": 3, "webchat": 3})
    assert scene.audit().failures == {"unreached-unlisted": ["c-1"]}
    scene.board = replace(scene.board, not_reached_people=("c-1", "c-5", "c-13"))
    assert scene.audit().ok


def test_facts_and_board_come_from_json() -> None:
    data = FACTS.to_json()
    assert facts_from(data) == FACTS
    assert facts_from(data | {"expires_at": "1970-01-01T00:33:20+00:00"}) == FACTS
    assert board_from(BOARD.to_json()) == BOARD
    for bad in (
        {},
        data | {"markers": {}},
        data | {"fallback": ["is"]},
        data | {"drill": True, "drill_markers": []},
        data | {"expires_at": "2026-01-01T00:00:00"},
        data | {"surprise": 1},
    ):
        with pytest.raises(ValueError, match=r".+"):
            facts_from(bad)
    with pytest.raises(ValueError, match="figure"):
        board_from({"reached": 1})
