"""Who has text messages only never reads of what a telephone without an app cannot do: share a position,
press a button. Every entry of the catalog, and every reply of a whole conversation, in every language.
"""

import re
from typing import Any

import pytest

from alerts.terms import Severity
from bot.gateways.twilio.sms_text import compose
from bot.messages import Channel, Frame, InboundKind
from locales.catalog import Catalog
from tests.alerts.test_pieces import notice
from tests.handlers.test_text_messages import CITY, HELLO, ONE, ROOM, TWO, Telephone

SMS = Channel.SMS.value
# Words for what only an app has. Thai `สะกด` (to spell) holds the word for pressing.
APPS = {
    "en": r"\bshar(e|ed|ing)\b|\bbuttons?\b|\btap(s|ped)?\b|\bpress|\bclick|\bswipe",
    "vi": r"chia sẻ|\bnút\b|\bbấm\b|\bnhấn\b|\bchạm\b",
    "th": r"แชร์|ปุ่ม|(?<!สะ)กด|แตะ",
    "id": r"bagikan|tombol|ketuk|\btekan|klik",
}
# What nobody reads in a text message: the web chat's page, lines in the officers' own language, the label of
# the button that shares, and what people type.
ELSEWHERE = ("chat.page.", "case.note.", "place.share", "words.")
SOS = {"en": "SOS", "vi": "CỨU", "th": "ช่วยด้วย", "id": "TOLONG"}
STOP = {"en": "stop warnings", "vi": "ngừng cảnh báo", "th": "หยุดรับคำเตือน", "id": "hentikan peringatan"}
NOWHERE = "Xqzwvbt"


def of_apps(language: str, text: str) -> list[str]:
    return [found.group() for found in re.finditer(APPS[language], text, re.IGNORECASE)]


@pytest.mark.parametrize("language", HELLO)
def test_no_entry_that_a_text_message_may_hold_speaks_of_apps(catalog: Catalog, language: str) -> None:
    wrong = {}
    for key in catalog.keys(language):
        if key.startswith(ELSEWHERE):
            continue
        said = catalog.entry(language, catalog.fitted(key, SMS))
        found = [word for form in said.forms for word in of_apps(language, form)]
        if found and (key == catalog.fitted(key, SMS) or key.endswith(f".{SMS}")):
            wrong[key] = found
    assert wrong == {}


def test_the_test_would_see_them(catalog: Catalog) -> None:
    for language in HELLO:
        assert of_apps(language, catalog.say(language, "place.ask"))
        assert of_apps(language, catalog.say(language, "case.where"))
        sample = catalog.say(language, "protected.sample", place="-", safe="-", help="-")
        assert of_apps(language, sample), language


@pytest.mark.parametrize("language", HELLO)
def test_the_words_for_a_channel_say_the_same_thing(catalog: Catalog, language: str) -> None:
    keys = catalog.keys(language)
    own = [key for key in keys if key.rpartition(".")[2] in set(Channel) and key.rpartition(".")[0] in keys]
    assert len(own) >= 7
    for key in own:
        base = key.rpartition(".")[0]
        assert catalog.entry(language, key).names == catalog.entry(language, base).names, key
        assert catalog.entry(language, key).limit == catalog.entry(language, base).limit, key
        assert catalog.fitted(base, key.rpartition(".")[2]) == key
        assert catalog.fitted(base, Channel.TELEGRAM.value) == base


class Watched(Telephone):
    """A telephone whose owner reads every word for what they cannot do."""

    def __init__(self, citizen: Any, language: str) -> None:
        super().__init__(citizen, language)
        self.language = language
        self.read: list[str] = []

    def show(self, message: str) -> None:
        super().show(message)
        self.read.append(message)
        assert of_apps(self.language, message) == [], message

    async def sends(self, kind: InboundKind) -> None:
        """What a telephone can send beside words: a picture."""
        await self.citizen.do(kind)
        for reply in self.citizen.heard:
            self.show(reply.text)


@pytest.mark.parametrize("language", HELLO)
async def test_the_whole_conversation_speaks_of_no_app(
    world: Any, citizen: Any, catalog: Any, language: str
) -> None:
    phone = Watched(citizen, language)
    spoken = [
        HELLO[language], ONE[language],  # agree
        NOWHERE, NOWHERE, NOWHERE,  # missed, asked for the country, missed again
        "Iceland", "/where", CITY, ONE[language],
        "/help", "/language", "?", "42", "/link", "/link 12345678", "/trip", "/watch",
    ]  # fmt: skip
    for words in spoken:
        await phone.text(words)
    await phone.sends(InboundKind.OTHER)
    said = "\n".join(phone.read)
    for key in ("place.ask", "place.missed", "place.country", "place.country_missed"):
        assert catalog.say(language, f"{key}.{SMS}") in said, key
    labels = {name: catalog.say(language, f"alert.button.{name}") for name in ("safe", "help")}
    for label in labels.values():
        assert f'"{label}"' in said, "the sample tells with which number to answer"

    await world.begin_event("AB2CD3", "Flood")
    for two_way in (True, False):
        for url in (True, False):
            for frame in (Frame.ALERT, Frame.DRILL):
                if frame is Frame.ALERT:
                    phone.show(compose(notice(language), frame, two_way=two_way, url=url))
    await phone.text(ONE[language])
    await phone.text("?")
    await phone.text(SOS[language])
    assert catalog.say(language, f"case.where.{SMS}") in phone.read[-1] + phone.read[-2]
    await phone.text(ROOM[language])
    await world.begin_event("EF4GH5", "Storm")
    for words in (TWO[language], ONE[language], ONE[language], STOP[language], ONE[language], "?"):
        await phone.text(words)
    assert len(phone.read) > 25


def test_what_an_alert_says_in_full_speaks_of_no_app(catalog: Catalog) -> None:
    """The whole text of a warning, for whoever asks for it."""
    for language in HELLO:
        for severity in Severity:
            assert not of_apps(language, catalog.say(language, f"alert.severity.{severity.lower()}"))
        assert not of_apps(language, catalog.say(language, "alert.answer"))
