"""How somebody reads a plain text message: which line is a choice, what it means, and what is asked of them.
Pure.

Where there are no buttons a person sees words and numbers only. They understand the few labels below in the
languages people speak here; the vocabulary of meanings is that of the buttons.
"""

import re
import unicodedata
from dataclasses import replace

from simulator.incoming import Action, ActionKind, Incoming
from simulator.scripts import in_script

MEANINGS: dict[str, tuple[str, ...]] = {
    "consent:yes": ("I agree", "Tôi đồng ý", "ยินยอม", "Saya setuju"),
    "consent:no": ("No, thank you", "Không, cảm ơn", "ไม่ยินยอม", "Tidak, terima kasih"),
    "lang:menu": ("Language", "Ngôn ngữ", "ภาษา / Language", "Bahasa / Language"),
    "lang:en": ("English",),
    "lang:vi": ("Tiếng Việt",),
    "lang:th": ("ภาษาไทย",),
    "lang:id": ("Bahasa Indonesia",),
    "place:none": ("None of these", "Nơi khác", "ไม่ใช่ที่เหล่านี้", "Bukan semua ini"),
    "phone:share": ("Add my number", "Thêm số của tôi", "เพิ่มหมายเลข", "Tambah nomor saya"),
    "phone:skip": ("Not now", "Để sau", "ไว้ทีหลัง", "Nanti saja"),
    "stop:yes": ("Stop warnings", "Ngừng cảnh báo", "หยุดรับคำเตือน", "Hentikan peringatan"),
    "stop:no": ("Keep warning me", "Tiếp tục cảnh báo", "รับคำเตือนต่อไป", "Tetap peringatkan"),
    "link:yes": ("Link", "Liên kết", "เชื่อม", "Hubungkan"),
    "link:no": ("Do not link", "Không liên kết", "ไม่เชื่อม", "Jangan hubungkan"),
    "safe": ("I am safe", "Tôi an toàn", "ฉันปลอดภัย", "Saya selamat"),
    "help": ("I need help", "Tôi cần giúp", "ต้องการให้ช่วย", "Butuh bantuan"),
    "full": ("Full text", "Toàn văn", "ข้อความเต็ม", "Teks lengkap"),
}
WHERE = ("Where are you", "Bạn đang ở đâu", "คุณอยู่ที่ไหน", "Anda berada di mana", "Anda di mana")
AGAIN = (
    "did not find this",
    "type only the country",
    "cannot tell which country",
    "không tìm thấy",
    "chỉ gõ tên quốc gia",
    "không biết vị trí",
    "ไม่พบ",
    "กรุณาพิมพ์เฉพาะชื่อประเทศ",
    "ไม่ทราบว่าตำแหน่งนี้",
    "tidak menemukan",
    "ketik nama negara",
    "tidak tahu posisi",
)
CHOICE = re.compile(r"(?m)^[ \t\u200e\u200f\u2066-\u2069]*(\d{1,2})[ \t]*[.):=\-]?[ \t]+(\S.*?)[ \t]*$")
CODE = re.compile(r"(?<![A-Z0-9])[A-HJ-NP-Z2-9]{6}(?![A-Z0-9])")
PAIR = re.compile(r"(?s)(?<!\d)1(?!\d).+(?<!\d)2(?!\d)")
_KNOWN = {
    unicodedata.normalize("NFC", label).casefold(): data
    for data, labels in MEANINGS.items()
    for label in labels
}


def latin_digits(text: str) -> str:
    """The text with every script's digits as 0-9."""
    return "".join(
        sign if (value := unicodedata.decimal(sign, None)) is None else str(value) for sign in text
    )


def meaning(label: str) -> str:
    """What a label stands for in the vocabulary of buttons; empty when it is nothing they know."""
    return _KNOWN.get(unicodedata.normalize("NFC", label).strip().casefold(), "")


def choices(text: str) -> list[tuple[int, str]]:
    """The numbered lines of a message, when they count from 1 on."""
    found = [(int(number), label) for number, label in CHOICE.findall(latin_digits(text))]
    counted = [number for number, _ in found]
    return found if counted and counted == list(range(1, len(found) + 1)) else []


def codes(text: str) -> list[str]:
    """What may be the code of a warning, the likeliest last."""
    return [str(one) for one in CODE.findall(text)]


def read(message: Incoming) -> Incoming:
    """The message with what a reader makes of it: buttons for its numbered lines, what is asked for.

    A number that stands for a place becomes `place:<its position>`, as a button would be named; a choice of
    unknown words is `choice:<number>`.
    """
    if message.buttons:
        return message
    lines = choices(message.text)
    if lines:
        named = [named_choice(number, label, message) for number, label in lines]
        if "place:none" in named:
            named = [
                f"place:{place}" if one.startswith("choice:") else one for place, one in enumerate(named)
            ]
        return replace(message, buttons=tuple(named), labels=tuple(label for _, label in lines), typed=True)
    found = codes(message.text)
    if found and PAIR.search(latin_digits(message.text).replace(found[-1], "")):
        return replace(
            message, buttons=(f"safe:{found[-1]}", f"help:{found[-1]}"), labels=("1", "2"), typed=True
        )
    asks = message.ask or ("location" if asks_where(message.text) else "")
    return replace(message, ask=asks)


def named_choice(number: int, label: str, message: Incoming) -> str:
    """The vocabulary's name of a numbered line; an answer to a warning names the message it stands under."""
    known = meaning(label)
    if known in ("safe", "help", "full"):
        return f"{known}:@{message.message_id}"
    return known or f"choice:{number}"


def asks_where(text: str) -> bool:
    """Whether the words ask where somebody is."""
    words = text.casefold()
    return any(phrase.casefold() in words for phrase in (*WHERE, *AGAIN))


def spoken(action: Action, seen: Incoming, digits: str) -> Action:
    """A press as its number where the choice was shown as a numbered line; anything else as it is."""
    if action.kind is not ActionKind.BUTTON or not seen.typed:
        return action
    return Action(ActionKind.TEXT, in_script(seen.buttons.index(action.value) + 1, digits))
