"""How citizens react, one message at a time."""

from dataclasses import replace
from typing import Any

import pytest

from simulator.citizen import TELEGRAM_ONLY, Answer, Citizen, Telling
from simulator.conversation import Stage, Talk, first_words, react
from simulator.incoming import ActionKind, Incoming

CITIZEN = Citizen(
    id="c-1",
    channels=TELEGRAM_ONLY,
    language="vi",
    client_language="vi",
    lat=64.1,
    lon=-21.9,
    country="IS",
    telling=Telling.CITY,
    place="Reykjavik",
    place_hint="Iceland",
    answer=Answer.SAFE,
    telegram_id=10_000_000_001,
)
VIETNAMESE = "Chúng tôi lưu nơi ở của bạn. Bạn có đồng ý không?"
ENGLISH = "We keep where you are. Do you agree to this?"
NOTICE = ("consent:yes", "consent:no", "lang:menu")


def message(text: str = "", buttons: tuple[str, ...] = (), **more: Any) -> Incoming:
    return Incoming("telegram", "1", text, buttons, more.pop("labels", buttons), **more)


def done(talk: Talk, one: Incoming, citizen: Citizen = CITIZEN) -> tuple[Talk, list[tuple[ActionKind, str]]]:
    reaction = react(citizen, talk, one)
    return reaction.talk, [(action.kind, action.value) for action in reaction.actions]


def test_the_whole_way_with_a_typed_city() -> None:
    talk, action = first_words(CITIZEN, Talk())
    assert action.value == "/start"
    talk, said = done(talk, message(VIETNAMESE, NOTICE))
    assert said == [(ActionKind.BUTTON, "consent:yes")]
    talk, said = done(talk, message("Bạn ở đâu?", ask="location"))
    assert said == [(ActionKind.TEXT, "Reykjavik")]
    labels = ("Reykjavik, Elsewhere", "Reykjavík, Iceland", "None")
    talk, said = done(talk, message("?", ("place:0", "place:1", "place:none"), labels=labels))
    assert said == [(ActionKind.BUTTON, "place:1")]
    talk, said = done(talk, message("Bạn sẽ được cảnh báo", ("phone:share", "phone:skip")))
    assert said == [(ActionKind.BUTTON, "phone:skip")]
    assert talk.stage is Stage.PROTECTED
    talk, said = done(talk, message("[DRILL]"))
    assert said == []


def test_a_foreign_notice_is_changed_once() -> None:
    talk = Talk(Stage.GREETED)
    talk, said = done(talk, message(ENGLISH, NOTICE))
    assert said == [(ActionKind.BUTTON, "lang:menu")]
    talk, said = done(talk, message("?", ("lang:en", "lang:vi")))
    assert said == [(ActionKind.BUTTON, "lang:vi")]
    _, said = done(talk, message(VIETNAMESE, NOTICE))
    assert said == [(ActionKind.BUTTON, "consent:yes")]
    _, said = done(
        talk, message(ENGLISH, NOTICE)
    )  # the service did not listen: agree rather than go in circles
    assert said == [(ActionKind.BUTTON, "consent:yes")]


def test_the_web_chat_says_its_language_and_others_read_what_there_is() -> None:
    _, said = done(Talk(Stage.GREETED), message("xyz", NOTICE, lang="en-GB"))
    assert said == [(ActionKind.BUTTON, "lang:menu")]
    icelandic = replace(CITIZEN, language="is")
    _, said = done(Talk(Stage.GREETED), message(ENGLISH, NOTICE), icelandic)
    assert said == [(ActionKind.BUTTON, "consent:yes")]


def test_who_refuses_is_done() -> None:
    talk, said = done(Talk(Stage.GREETED), message(VIETNAMESE, NOTICE), replace(CITIZEN, consents=False))
    assert (talk.stage, said) == (Stage.REFUSED, [(ActionKind.BUTTON, "consent:no")])


def test_words_that_fail_twice_become_a_pin() -> None:
    talk = Talk(Stage.CONSENTED)
    kinds = []
    for _ in range(4):
        talk, said = done(talk, message("?", ask="location"))
        kinds += [kind for kind, _ in said]
    assert kinds == [ActionKind.TEXT, ActionKind.TEXT, ActionKind.LOCATION]


@pytest.mark.parametrize(
    ("phone", "one", "said"),
    [
        ("", message("ok", ask="contact", keys=("Skip",)), [(ActionKind.TEXT, "Skip")]),
        ("+15550100", message("ok", ask="contact", keys=("Skip",)), [(ActionKind.CONTACT, "+15550100")]),
        ("", message("ok"), []),
    ],
)
def test_the_number_is_shared_or_skipped(
    phone: str, one: Incoming, said: list[tuple[ActionKind, str]]
) -> None:
    talk, done_now = done(Talk(Stage.TOLD), one, replace(CITIZEN, phone=phone))
    assert (talk.stage, done_now) == (Stage.PROTECTED, said)


def test_a_warning_is_answered_once_and_only_by_those_who_answer() -> None:
    warning = message("Lũ", ("safe:ABC234", "help:ABC234"))
    reaction = react(CITIZEN, Talk(Stage.PROTECTED), warning)
    assert reaction.check_in is not None
    assert (reaction.check_in.code, reaction.check_in.action.value) == ("ABC234", "safe:ABC234")
    assert react(CITIZEN, reaction.talk, warning).check_in is None
    assert react(replace(CITIZEN, answer=Answer.NONE), Talk(Stage.PROTECTED), warning).check_in is None
    assert react(CITIZEN, Talk(Stage.CONSENTED), warning).check_in is None
    assert react(CITIZEN, Talk(Stage.PROTECTED), message("x", ("safe:ABC234",))).check_in is None


def test_who_asked_for_help_says_where() -> None:
    helping = Talk(Stage.PROTECTED, helping=True)
    talk, said = done(helping, message("Where?", ask="location"))
    assert said == [(ActionKind.LOCATION, "")]
    assert not talk.helping
    _, said = done(helping, message("Where?", ask="location"), replace(CITIZEN, help_words="In the school"))
    assert said == [(ActionKind.TEXT, "In the school")]
    assert done(talk, message("Where?", ask="location"))[1] == []


def test_joining_two_channels() -> None:
    talk, said = done(Talk(Stage.PROTECTED, wants_code=True), message("Mã: 1234 5678"))
    assert (talk.code, said) == ("12345678", [])
    assert done(Talk(Stage.PROTECTED), message("Mã: 1234 5678"))[0].code == ""
    second, action = first_words(CITIZEN, Talk(link_code="12345678"))
    assert action.value == "/link 12345678"
    second, said = done(second, message(VIETNAMESE, NOTICE))
    assert said == [(ActionKind.BUTTON, "consent:yes")]
    second, said = done(second, message("Where?", ask="location"))
    assert said == [(ActionKind.TEXT, "/link 12345678")]
    second, said = done(second, message("Join?", ("link:yes", "link:no")))
    assert (second.stage, said) == (Stage.JOINING, [(ActionKind.BUTTON, "link:yes")])
    second, _ = done(second, message("Agree in the other chat."))
    assert second.stage is Stage.WAITING
    assert done(second, message("Joined."))[0].stage is Stage.LINKED


def test_the_channel_that_showed_a_code_agrees_and_goes_on() -> None:
    first, said = done(Talk(Stage.PROTECTED, code="12345678"), message("You?", ("link:yes:7", "link:no:7")))
    assert (first.stage, said) == (Stage.PROTECTED, [(ActionKind.BUTTON, "link:yes:7")])
    assert done(first, message("Joined.")) == (first, [])


def test_a_code_that_does_not_work_is_not_typed_for_ever() -> None:
    talk, said = first_words(CITIZEN, Talk(link_code="12345678"))[0], []
    for _ in range(10):
        talk, now = done(talk, message("Wrong code."))
        said += now
    assert len(said) == 2


def test_a_share_key_in_a_message_of_its_own_is_no_new_question() -> None:
    told = Talk(Stage.TOLD, place_tries=1)
    chosen, said = done(told, message("Which?", ("place:0", "place:none")))
    assert said == [(ActionKind.BUTTON, "place:0")]
    chosen, said = done(chosen, message("Share my position", ask="location"))
    assert said == []
    assert done(chosen, message("Not understood. Where?", ask="location"))[1] == [
        (ActionKind.TEXT, "Reykjavik")
    ]
    protected, said = done(told, message("Add a number?", ("phone:share", "phone:skip")))
    assert said == [(ActionKind.BUTTON, "phone:skip")]
    assert done(protected, message("Share my number", ask="contact"))[1] == []


def test_who_means_to_stop_says_so_again() -> None:
    asked = message("Really?", ("stop:yes", "stop:no"))
    assert done(Talk(Stage.PROTECTED), asked, replace(CITIZEN, stops=True))[1] == [
        (ActionKind.BUTTON, "stop:yes")
    ]
    assert done(Talk(Stage.PROTECTED), asked)[1] == []


def test_an_invitation_stands_behind_start() -> None:
    assert first_words(replace(CITIZEN, invitation="drill-abc"), Talk())[1].value == "/start drill-abc"
