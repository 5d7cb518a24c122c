"""The ledger: nothing is lost on its way to a file and back, and windows are counted right."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.ledger import Ledger, load, most_within
from simulator.records import Ack, Attempt, Violation, WebhookPost, from_json, to_json


def attempt(number: int, mono: float, *, accepted: bool = True, again: bool = False) -> Attempt:
    return Attempt(
        attempt_id=number,
        channel="telegram",
        account="7",
        recipient="10000000001",
        method="sendMessage",
        text="Nước lũ đang lên",
        buttons=("safe:ABCDEF",),
        mono=mono,
        wall=mono,
        accepted=accepted,
        status=200 if accepted else 403,
        again=again,
    )


def test_counts_only_accepted_first_deliveries() -> None:
    ledger = Ledger()
    for one in (
        attempt(1, 0.0),
        attempt(2, 0.1, accepted=False),
        attempt(3, 0.2, again=True),
        attempt(4, 0.5),
    ):
        ledger.write(one)
    assert [one.attempt_id for one in ledger.accepted("telegram")] == [1, 4]
    assert ledger.most_within(1.0) == 2
    assert ledger.counts() == {"telegram_attempts": 4, "telegram_accepted": 2}
    assert ledger.accepted("webchat") == []


def test_every_kind_survives_a_file(tmp_path: Path) -> None:
    sink = io.StringIO()
    ledger = Ledger(mono=lambda: 1.5, wall=lambda: 2.5, sink=sink)
    ledger.write(attempt(ledger.next_attempt(), 1.0))
    ledger.write(Violation(rule="bot", account="7", recipient="1", mono=1, wall=2, tolerated=True))
    ledger.write(
        WebhookPost(account="7", chat="1", update_id=5, update="message", tries=1, status=200, mono=1, wall=2)
    )
    ledger.write(Ack(citizen="c-1", message_id="m", mono=1, wall=2))
    ledger.act("c-1", "telegram", "answer", "safe", "ABCDEF")
    path = tmp_path / "ledger.jsonl"
    ledger.dump(path)
    assert list(load(path)) == list(ledger)
    assert path.read_text(encoding="utf-8") == sink.getvalue()
    assert [one["entry"] for one in ledger.since(3)] == ["ack", "act"]
    assert len(ledger.since(0, 2)) == 2


@pytest.mark.parametrize("broken", ["{}", '{"entry": "act"}', "no json", '{"entry": "ack", "what": 1}'])
def test_a_broken_line_is_named(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text(json.dumps(to_json(attempt(1, 0.0))) + "\n" + broken + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2"):
        load(path)


def test_json_keeps_tuples() -> None:
    one = attempt(1, 0.0)
    assert from_json(json.loads(json.dumps(to_json(one)))) == one


@given(st.lists(st.floats(0, 5, allow_nan=False), max_size=40), st.sampled_from([0.5, 1.0, 3.0]))
def test_most_within_equals_counting_by_hand(moments: list[float], seconds: float) -> None:
    by_hand = max((sum(start <= one < start + seconds for one in moments) for start in moments), default=0)
    # Windows are half-open at the other end in floats: a moment exactly `seconds` later is out in both.
    assert abs(most_within(moments, seconds) - by_hand) <= sum(
        abs(a - b - seconds) < 1e-9 for a in moments for b in moments
    )
