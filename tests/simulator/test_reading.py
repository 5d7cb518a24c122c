"""How people read plain text messages, and how they choose."""

import pytest

from locales.catalog import Catalog
from simulator.incoming import Action, ActionKind, Incoming
from simulator.reading import MEANINGS, WHERE, codes, read, spoken

KEYS = {
    "consent:yes": "start.agree",
    "consent:no": "start.decline",
    "lang:menu": "start.language",
    "place:none": "place.none",
    "phone:share": "phone.share",
    "phone:skip": "phone.skip",
    "stop:yes": "stop.yes",
    "stop:no": "stop.no",
    "link:yes": "link.yes",
    "link:no": "link.no",
    "safe": "alert.button.safe",
    "help": "alert.button.help",
}


def seen(text: str, channel: str = "sms") -> Incoming:
    return read(Incoming(channel, "m1", text))


@pytest.mark.parametrize("language", ["en", "vi", "th", "id"])
def test_people_know_the_words_of_the_service(language: str) -> None:
    catalog = Catalog.load()
    for data, key in KEYS.items():
        assert catalog.say(language, key) in MEANINGS[data], key
    assert catalog.say(language, "language.own_name") in MEANINGS[f"lang:{language}"]
    assert any(words in catalog.say(language, "place.ask") for words in WHERE)
    assert any(words in catalog.say(language, "case.where") for words in WHERE)


def test_numbered_lines_are_choices() -> None:
    message = seen("Do you agree?\n1 I agree\n2 No, thank you\n3 Language")
    assert message.buttons == ("consent:yes", "consent:no", "lang:menu")
    assert message.typed
    press = Action(ActionKind.BUTTON, "lang:menu")
    assert spoken(press, message, "latin").value == "3"
    assert spoken(press, message, "thai").value == "๓"
    assert seen("Which?\n1. Hanoi, Vietnam\n2. None of these").buttons == ("place:0", "place:none")
    assert seen("Lines\n2 two\n3 three").buttons == ()


def test_a_warning_is_answered_by_its_numbers() -> None:
    warning = seen("Stay inside.\nDANGER\nReply 1 SAFE, 2 NEED HELP\nABC234")
    assert warning.buttons == ("safe:ABC234", "help:ABC234")
    assert spoken(Action(ActionKind.BUTTON, "help:ABC234"), warning, "arabic").value == "٢"
    assert seen("Stay inside.\nCall +354 555 0100\nABC234").buttons == ()
    chat = seen("Gale.\n\n1. I am safe\n2. I need help", "whatsapp")
    assert chat.buttons == ("safe:@m1", "help:@m1")
    assert codes("SEVERE ABC234") == ["SEVERE", "ABC234"]


def test_questions_for_a_place_are_understood_and_real_buttons_stay() -> None:
    assert seen("ตอนนี้คุณอยู่ที่ไหน").ask == "location"
    assert seen("I did not find this place.").ask == "location"
    assert seen("Thank you.").ask == ""
    shown = Incoming("viber", "m1", "Agree?\n1 x", ("consent:yes",), ("Yes",))
    assert read(shown) is shown
    assert spoken(Action(ActionKind.BUTTON, "consent:yes"), shown, "latin").value == "consent:yes"
