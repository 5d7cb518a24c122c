"""Which of four languages a text is in, as a citizen sees at a glance. Pure; independent of the service's own
guess.
"""

import re
import unicodedata

OFFERED = ("en", "vi", "th", "id")  # the languages the service offers in its menu
THAI = re.compile(r"[\u0E00-\u0E7F]")
VIETNAMESE = re.compile(r"[ăđơư]|[\u1EA0-\u1EF9]", re.IGNORECASE)
WORDS = {
    "en": frozenset(["the", "and", "you", "your", "is", "are", "we", "to", "of", "what", "this", "where"]),
    "id": frozenset(
        ["dan", "yang", "anda", "untuk", "di", "kami", "ini", "apa", "tidak", "dengan", "ke", "dari"]
    ),
}
WORD = re.compile(r"[^\W\d_]+")


def guess(text: str) -> str:
    """One of the offered languages, or empty when the text does not say."""
    text = unicodedata.normalize("NFC", text)
    if len(THAI.findall(text)) > 5:
        return "th"
    if len(VIETNAMESE.findall(text)) > 2:
        return "vi"
    words = [word.casefold() for word in WORD.findall(text)]
    scores = {language: sum(word in known for word in words) for language, known in WORDS.items()}
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] > min(scores.values()) else ""
