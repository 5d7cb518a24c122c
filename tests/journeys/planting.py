"""What strangers, citizens and officers can send, with a canary in every field of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.journeys.canaries import Canaries

REYKJAVIK = (64.14, -21.92)
Json = dict[str, Any]


@dataclass
class TelegramPerson:
    """One person on Telegram and everything an update can tell of them."""

    canaries: Canaries
    name: str
    chat: int = field(init=False)
    card: Json = field(init=False)
    _numbers: int = 0

    def __post_init__(self) -> None:
        self.chat = self.canaries.chat_id(f"{self.name}: chat id")
        names = {one: self.word(one) for one in ("first_name", "last_name", "username")}
        self.card = {"id": self.chat, **names}

    def word(self, what: str) -> str:
        """A canary in one of this person's fields."""
        return self.canaries.word(f"{self.name}: {what}")

    @property
    def sender(self) -> Json:
        return {**self.card, "is_bot": False, "language_code": "en"}

    def message(self, what: str, **content: Any) -> Json:
        """A `message`, with every field beside its content that a person could fill."""
        self._numbers += 1
        return {
            "message_id": self._numbers,
            "date": 1_795_000_000,
            "chat": {**self.card, "type": "private"},
            "from": self.sender,
            "author_signature": self.word(f"{what}.author_signature"),
            "reply_to_message": {
                "message_id": 1,
                "date": 1,
                "chat": {**self.card, "type": "private"},
                "text": self.word(f"{what}.reply_to_message.text"),
            },
            "forward_origin": {
                "type": "hidden_user",
                "date": 1,
                "sender_user_name": self.word(f"{what}.forward_origin.sender_user_name"),
            },
            **content,
        }

    def says(self, text: str = "", what: str = "text") -> Json:
        """A typed message; its words are a canary unless some are given."""
        link = {"type": "text_link", "offset": 0, "length": 3, "url": f"https://{self.word('link')}.example"}
        return {
            "message": self.message(what, text=text or f"about {self.word(f'{what}.text')}", entities=[link])
        }

    def presses(self, data: str) -> Json:
        """A pressed button under a message of the bot."""
        keyboard = [[{"text": self.word("button label"), "callback_data": data}]]
        under = self.message(
            "pressed", text=self.word("pressed message"), reply_markup={"inline_keyboard": keyboard}
        )
        return {
            "callback_query": {
                "id": self.word("callback id"),
                "from": self.sender,
                "chat_instance": self.word("chat_instance"),
                "inline_message_id": self.word("inline_message_id"),
                "message": under,
                "data": data,
            }
        }

    def shares_pin(self, what: str) -> Json:
        """An exact position."""
        lat, lon = (self.canaries.degrees(f"{self.name}: {what}", near) for near in REYKJAVIK)
        place = {"latitude": lat, "longitude": lon, "horizontal_accuracy": 3.5}
        return {"message": self.message(what, location=place)}

    def shares_number(self) -> Json:
        """Their own telephone number, with the card around it."""
        card = {
            "phone_number": self.canaries.phone(f"{self.name}: own number"),
            "user_id": self.chat,
            "first_name": self.word("contact.first_name"),
            "last_name": self.word("contact.last_name"),
            "vcard": f"BEGIN:VCARD\nNOTE:{self.word('contact.vcard')}\nEND:VCARD",
        }
        return {"message": self.message("contact", contact=card)}

    def everything_else(self) -> list[Json]:
        """One update of every other kind, some of them such as no version of the API ever sent."""
        word, message = self.word, self.message
        lat, lon = (self.canaries.degrees(f"{self.name}: venue", near) for near in REYKJAVIK)
        file = {"file_id": word("file_id"), "file_unique_id": word("file_unique_id")}
        size = {"width": 1, "height": 1}
        stranger = {
            "phone_number": self.canaries.phone(f"{self.name}: friend's number"),
            "first_name": word("friend"),
        }
        group = {"id": -100_123, "type": "supergroup", "title": word("group title")}
        member = {"user": self.sender, "status": "member"}
        contents: list[Json] = [
            {
                "venue": {
                    "location": {"latitude": lat, "longitude": lon},
                    **{one: word(f"venue.{one}") for one in ("title", "address", "foursquare_id")},
                }
            },
            {"photo": [{**file, **size}], "caption": word("caption")},
            {"document": {**file, "file_name": word("file_name"), "mime_type": word("mime_type")}},
            {"sticker": {**file, **size, "type": "regular", "is_animated": False, "is_video": False,
                         "emoji": word("emoji"), "set_name": word("set_name")}},
            {"sticker": {"type": word("a sticker of an unknown shape")}, "text": word("words beside it")},
            {"voice": {**file, "duration": 1}},
            {"audio": {**file, "duration": 1, "performer": word("performer"), "title": word("audio title")}},
            {"contact": stranger},
            {"poll": {"id": word("poll id"), "question": word("poll question"), "options": [], "type":
                      "regular", "total_voter_count": 0, "is_closed": False, "is_anonymous": True,
                      "allows_multiple_answers": False}},
            {"web_app_data": {"data": word("web_app_data"), "button_text": word("web_app button")}},
            {"new_kind_of_content": {"deep": [word("content of an unknown kind")]}},
            {"text": {"not": word("text that is no text")}},
        ]  # fmt: skip
        updates: list[Json] = [{"message": message(next(iter(one)), **one)} for one in contents]
        kinds = ("edited_message", "channel_post", "edited_channel_post", "business_message")
        updates += [{kind: message(kind, text=word(f"{kind}.text"))} for kind in kinds]
        updates += [
            {"message": {**message("group", text=word("group text")), "chat": group}},
            {"my_chat_member": {"chat": group, "from": self.sender, "date": 1, "old_chat_member": member,
                                "new_chat_member": {**member, "custom_title": word("custom_title")}}},
            {"inline_query": {"id": word("inline id"), "from": self.sender, "query": word("inline query"),
                              "offset": ""}},
            {"chat_join_request": {"chat": group, "from": self.sender, "user_chat_id": self.chat, "date": 1,
                                   "bio": word("bio")}},
            {"poll_answer": {"poll_id": word("poll_id"), "user": self.sender, "option_ids": [0]}},
            {"unheard_of": {"text": word("an unknown update")}},
            {"message": word("a message that is none")},
        ]  # fmt: skip
        return updates

    def membership(self, *, blocked: bool) -> Json:
        """They blocked the bot, or took it back."""
        bot = {"id": 7_000_000_001, "is_bot": True, "first_name": "Bot"}
        states = [{"user": bot, "status": "member"}, {"user": bot, "status": "kicked", "until_date": 0}]
        old, new = states if blocked else reversed(states)
        link = {"invite_link": f"https://t.me/{self.word('invite_link')}", "creator": self.sender,
                "creates_join_request": False, "is_primary": False, "is_revoked": False}  # fmt: skip
        return {
            "my_chat_member": {
                "chat": {**self.card, "type": "private"}, "from": self.sender, "date": 1_795_000_000,
                "old_chat_member": old, "new_chat_member": new, "invite_link": link,
            }
        }  # fmt: skip


@dataclass
class Pen:
    """What officers write: it may lie open in SQL, but be in no log, address, figure or Redis."""

    canaries: Canaries

    def word(self, what: str) -> str:
        return self.canaries.word(what, sealed=False)

    def form(self, kind: str) -> dict[str, str]:
        """The compose form of the console, filled."""
        end = datetime.now(UTC) + timedelta(hours=6)
        words = {
            f"text.{language}.{part}": self.word(f"form {kind}: {language} {part}")
            for language in ("en", "vi")
            for part in ("headline", "description", "instruction", "correction", "all_clear")
        }
        names = {
            name: self.word(f"form {kind}: {name}") for name in ("event_title", "event_name", "area_name")
        }
        return {
            "do": "save", "status": kind, "audience": "Public", "severity": "Severe", "urgency": "Immediate",
            "certainty": "Likely", "category": "Met", "circles": "64.14, -21.92, 30", "polygons": "",
            "countries": "", "time_zone": "UTC", "expires_at": f"{end:%Y-%m-%dT%H:%M}",
            "policy": "at-least-once", **names, **words,
        }  # fmt: skip

    def draft(self) -> Json:
        """The same for the API."""
        end = datetime.now(UTC) + timedelta(hours=6)
        text = {part: self.word(f"API: {part}") for part in ("headline", "description", "instruction")}
        return {
            **{name: self.word(f"API: {name}") for name in ("event_title", "event_name", "area_name")},
            "status": "Actual", "severity": "Severe", "urgency": "Immediate", "certainty": "Likely",
            "category": "Met", "texts": {"en": text}, "correction": {"en": self.word("API: correction")},
            "all_clear": {"en": self.word("API: all clear")}, "time_zone": "UTC",
            "area": {"circles": [{"lat": 64.14, "lon": -21.92, "radius_km": 30.0}]},
            "expires_at": end.isoformat(),
        }  # fmt: skip

    def cap(self, **changes: str) -> bytes:
        """A CAP 1.2 file with a canary in every element that takes words."""
        word = {
            name: changes.get(name) or self.word(f"CAP: {name}")
            for name in (
                "identifier", "sender", "source", "note", "incidents", "event", "audience", "senderName",
                "headline", "description", "instruction", "web", "contact", "valueName", "value",
                "resourceDesc", "uri", "areaDesc", "code", "addresses", "restriction", "xpath",
            )
        }  # fmt: skip
        times = {"sent": "2020-11-22T09:30:00-00:00", "expires": "2020-11-22T19:30:00-00:00"}
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
 <identifier>{word["identifier"]}</identifier><sender>{word["sender"]}</sender><sent>{times["sent"]}</sent>
 <status>{changes.get("status", "Actual")}</status><msgType>Alert</msgType><source>{word["source"]}</source>
 <scope>Public</scope><restriction>{word["restriction"]}</restriction><addresses>{word["addresses"]}</addresses>
 <code>{word["code"]}</code><note>{word["note"]}</note><incidents>{word["incidents"]}</incidents>
 <info><language>en</language><category>Met</category><event>{word["event"]}</event>
  <urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>
  <audience>{word["audience"]}</audience>
  <eventCode><valueName>{word["valueName"]}</valueName><value>{word["value"]}</value></eventCode>
  <expires>{changes.get("expires", times["expires"])}</expires><senderName>{word["senderName"]}</senderName>
  <headline>{word["headline"]}</headline><description>{word["description"]}</description>
  <instruction>{word["instruction"]}</instruction><web>https://{word["web"]}.example</web>
  <contact>{word["contact"]}</contact>
  <resource><resourceDesc>{word["resourceDesc"]}</resourceDesc><mimeType>text/plain</mimeType>
   <uri>https://{word["uri"]}.example</uri></resource>
  <area><areaDesc>{word["areaDesc"]}</areaDesc><circle>{changes.get("circle", "64.14,-21.92 30")}</circle>
   <geocode><valueName>{word["xpath"]}</valueName><value>{word["value"]}</value></geocode></area>
 </info>
</alert>""".encode()
