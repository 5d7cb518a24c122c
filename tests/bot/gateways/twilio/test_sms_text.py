"""Warnings within their parts: what must stay, what goes first, and no drill that could look live."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RejectedError
from bot.gateways.twilio.sms_segments import is_gsm, segments
from bot.gateways.twilio.sms_text import DRILL_PARTS, REPLY_PARTS, compose, render_reply
from bot.messages import Button, Frame, Notice, Outbound
from tests.bot.gateways.twilio.notices import ENGLISH, THAI, VIETNAMESE


def lines(
    notice: Notice, *, frame: Frame = Frame.ALERT, two_way: bool = True, url: bool = False
) -> list[str]:
    return compose(notice, frame, two_way=two_way, url=url).split("\n")


def test_everything_in_its_order() -> None:
    assert lines(ENGLISH, url=True) == [
        "Leave the river bank now and go to higher ground.",
        "Flood",
        "Bang Kapi, Bangkok",
        "Until Tuesday 3 March 2026, 18:00 (Bangkok)",
        "Ministry of Foreign Affairs of Utopia",
        "Reply 1 SAFE, 2 NEED HELP",
        "https://muster.example/a/K7M2QF",
        "K7M2QF",
    ]


def test_where_nobody_can_answer_it_says_whom_to_call() -> None:
    said = lines(ENGLISH, two_way=False)
    assert "Call +66 2 555 0100" in said
    assert not any("Reply" in line or "http" in line for line in said)


def test_a_link_that_is_the_answer_goes_where_links_are_filtered() -> None:
    reads = replace(ENGLISH, call="Read https://muster.example/a/K7M2QF")
    assert lines(reads, two_way=False, url=True).count("Read https://muster.example/a/K7M2QF") == 1
    assert not any("http" in line for line in lines(reads, two_way=False, url=False))


def test_an_all_clear_asks_nothing() -> None:
    clear = replace(ENGLISH, mark="ALL CLEAR", asks=False)
    said = lines(clear)
    assert said[0] == "ALL CLEAR"
    assert not any("Reply" in line for line in said)
    assert said[-1] == "K7M2QF"  # of a live message the mark need not close


def test_a_drill_says_so_first_and_last() -> None:
    drill = replace(ENGLISH, mark="DRILL. 2nd notice")
    said = lines(drill, frame=Frame.DRILL)
    assert (said[0], said[-1]) == ("DRILL. 2nd notice", "DRILL")


def test_a_drill_without_its_mark_is_never_sent() -> None:
    with pytest.raises(RejectedError, match="no_drill_mark"):
        compose(ENGLISH, Frame.DRILL, two_way=True, url=False)


def test_a_warning_that_says_nothing_to_do_is_never_sent() -> None:
    with pytest.raises(RejectedError, match="no_action"):
        compose(replace(ENGLISH, action=" \n "), Frame.ALERT, two_way=True, url=False)


def test_what_goes_first_when_it_does_not_fit() -> None:
    """Adding words to one piece shows the order in which the others go."""
    gone = []
    before = set(lines(ENGLISH, url=True))
    for more in range(0, 700, 2):
        action = ENGLISH.action + " x" * more
        now = set(lines(replace(ENGLISH, action=action), url=True))
        gone += sorted(
            line for line in before if line not in now and line != ENGLISH.action and line not in gone
        )
    assert gone == [
        ENGLISH.link,
        ENGLISH.time,
        ENGLISH.hazard,
        ENGLISH.place,  # its last words
        ENGLISH.reply,
        ENGLISH.sender,
    ]


def test_a_sentence_that_is_too_long_by_itself_is_sent_whole() -> None:
    action = "Go. " + "Leave the river bank now. " * 40
    text = compose(replace(ENGLISH, action=action), Frame.ALERT, two_way=True, url=True)
    assert text == f"{action.strip()}\nK7M2QF"
    assert segments(text) > 2


def test_a_script_without_spaces_is_never_cut_in_the_middle() -> None:
    pieces = {getattr(THAI, name) for name in Notice.__slots__ if isinstance(getattr(THAI, name), str)}
    for length in range(0, 200, 5):
        for line in lines(replace(THAI, action=THAI.action + "ก" * length)):
            assert line in pieces or line.startswith(THAI.action) or THAI.place.startswith(line)


def test_one_quotation_mark_does_not_halve_the_room() -> None:
    fancy = replace(ENGLISH, action="Leave the “old town” now – don’t wait…")
    text = compose(fancy, Frame.ALERT, two_way=True, url=True)
    assert is_gsm(text)
    assert text.startswith('Leave the "old town" now - don\'t wait...')


words = st.text(st.sampled_from("abc ạกข🌊[€ \n\t–"), max_size=120)
notices = st.builds(
    Notice,
    mark=words,
    action=words.map(lambda text: f"Go {text}"),
    hazard=words,
    place=words,
    sender=words,
    time=words,
    code=st.sampled_from(["K7M2QF", ""]),
    safe=words,
    help=words,
    full=words,
    reply=words,
    call=words,
    link=st.sampled_from(["https://muster.example/a/K7M2QF", ""]),
    asks=st.booleans(),
)


@given(notices, st.booleans(), st.booleans())
def test_whatever_officers_write(notice: Notice, two_way: bool, url: bool) -> None:
    drill = replace(notice, mark=f"DRILL. {notice.mark}")
    for frame, given_notice in ((Frame.ALERT, notice), (Frame.DRILL, drill)):
        text = compose(given_notice, frame, two_way=two_way, url=url)
        said = text.split("\n")
        tight = segments(compose(_bare(given_notice), frame, two_way=two_way, url=url))
        assert segments(text) <= max(tight, 2 if is_gsm(text) else 3)
        assert all(line == line.strip() and line for line in said)
        assert any(line.startswith("Go") for line in said)
        assert given_notice.code in text
        assert url or "http" not in text
        if frame is Frame.DRILL:
            assert said[0].startswith("DRILL")
            assert said[-1].startswith("DRILL")


def _bare(notice: Notice) -> Notice:
    """Nothing but what must stay."""
    return replace(notice, hazard="", place="", sender="", time="", reply="", call="", link="")


@pytest.mark.parametrize("notice", [ENGLISH, VIETNAMESE, THAI], ids=["en", "vi", "th"])
@pytest.mark.parametrize("frame", [Frame.ALERT, Frame.DRILL])
def test_transcripts(notice: Notice, frame: Frame) -> None:
    """Prints what arrives, with its parts; what matters is in it in every language."""
    marked = replace(notice, mark="DRILL" if notice is ENGLISH else "ฝึกซ้อม" if notice is THAI else "DIỄN TẬP")
    drawn = marked if frame is Frame.DRILL else notice
    for two_way in (True, False):
        text = compose(drawn, frame, two_way=two_way, url=False)
        parts = segments(text)
        print(f"--- {parts} parts, {'GSM-7' if is_gsm(text) else 'UCS-2'}\n{text}")  # noqa: T201 - the transcript is what this test shows
        assert parts <= (2 if is_gsm(text) else 3)
        for piece in (notice.action, notice.sender, notice.code, notice.reply if two_way else notice.call):
            assert piece in text


def reply(text: str, *labels: str) -> tuple[str, ...]:
    return render_reply(Outbound(text, "en", tuple(Button(label, f"x:{label}") for label in labels)))


def test_choices_are_numbered_under_the_words() -> None:
    assert reply("Do you agree?", "Yes", "No") == ("Do you agree?\n1 Yes\n2 No",)


def test_a_long_reply_becomes_several_messages_and_keeps_its_choices_together() -> None:
    text = " ".join(f"Sentence number {number} of a long text." for number in range(60))
    parts = reply(text, "Yes", "No")
    assert len(parts) > 2
    assert parts[-1].endswith("\n1 Yes\n2 No")
    assert all(segments(part) <= REPLY_PARTS for part in parts)
    assert "".join("".join(parts).split()) == "".join(f"{text}1 Yes2 No".split())


def test_a_long_drill_stays_in_one_message_as_far_as_any_message_goes() -> None:
    text = "DRILL\n" + "Diễn tập thôi. " * 40 + "\nDRILL"
    assert len(render_reply(Outbound(text, "vi", frame=Frame.ALERT))) > 2
    (whole,) = render_reply(Outbound(text, "vi", frame=Frame.DRILL))
    assert segments(whole) <= DRILL_PARTS


@given(st.text(st.sampled_from("ab ạกข🌊[€\n."), min_size=1, max_size=3000))
def test_no_sign_of_a_reply_is_lost(text: str) -> None:
    if not text.strip():
        return
    parts = reply(text)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(segments(part) <= REPLY_PARTS for part in parts)


@pytest.mark.parametrize("bad", [Button(" ", "x"), Button("Yes", ""), Button("Yes", "x" * 65)])
def test_a_choice_that_cannot_be_answered_is_refused(bad: Button) -> None:
    with pytest.raises(RejectedError, match="button_data"):
        render_reply(Outbound("Hello", "en", (bad,)))


def test_marks_of_direction_cost_nothing_where_nothing_runs_to_the_left() -> None:
    assert reply("Call \u2066+66 2\u2069 now") == ("Call +66 2 now",)
    assert reply("اتصل \u2066+66 2\u2069 الآن") == ("اتصل \u2066+66 2\u2069 الآن",)
