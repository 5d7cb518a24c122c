"""Which language somebody probably writes, before they have chosen one. Loads py3langid's model when made and
keeps its largest table in a nameless temporary file.

A wrong guess costs a frightened reader more than none: short or doubtful words give None, and the person can
change the language on the first screen.
"""

import mmap
import tempfile
import unicodedata
from array import array
from collections import Counter

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from locales.catalog import Catalog

LETTERS_NEEDED = 8  # fewer say too little; "help" is 54 % English to the model
CERTAINTY_NEEDED = 0.95  # of the model's own probability among the languages we speak
# Scripts that one living language mostly owns: the first word of Unicode's names of their letters.
_SCRIPTS = {
    "ARABIC": "ar",
    "ARMENIAN": "hy",
    "BENGALI": "bn",
    "CJK": "zh",
    "CYRILLIC": "ru",
    "DEVANAGARI": "hi",
    "ETHIOPIC": "am",
    "GEORGIAN": "ka",
    "GREEK": "el",
    "HANGUL": "ko",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "KHMER": "km",
    "LAO": "lo",
    "MYANMAR": "my",
    "SINHALA": "si",
    "TAMIL": "ta",
    "THAI": "th",
}
# Hook above, dot below, horn: in no other language of ours.
_VIETNAMESE_SIGNS = {"\u0309", "\u0323", "\u031b"}


class LanguageGuesser:
    """Guesses among the languages a catalog holds."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        full = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        full.set_languages(sorted(set(catalog.languages()) & set(full.labels)))
        # Made anew of what is left: the first one keeps the weights of a hundred other languages, 24 MB.
        self._model = LanguageIdentifier(
            full.nb_ptc,
            full.nb_pc,
            full.nb_classes,
            _on_disk(full.tk_nextmove),
            full.tk_output,
            norm_probs=True,
            tk_row=full.tk_row,
        )

    def guess(self, hint: str, text: str) -> str | None:
        """The language of ours that `hint` (BCP 47, what the app says) names, else that of `text`.

        None when neither is sure. Takes about 0.1 ms.
        """
        named = self._catalog.supported(hint) if hint else None
        return named or self._by_script(text) or self._by_words(text)

    def _by_script(self, text: str) -> str | None:
        scripts = Counter(unicodedata.name(sign, "").split(" ")[0] for sign in text if sign.isalpha())
        if not scripts:
            return None
        if any(sign in _VIETNAMESE_SIGNS for sign in unicodedata.normalize("NFD", text)):
            return self._catalog.supported("vi")
        script, count = scripts.most_common(1)[0]
        language = _SCRIPTS.get(script)
        return self._catalog.supported(language) if language and count * 2 > scripts.total() else None

    def _by_words(self, text: str) -> str | None:
        words = [word for word in text.split() if not word.startswith("/")]
        if sum(sign.isalpha() for word in words for sign in word) < LETTERS_NEEDED:
            return None
        language, certainty = self._model.classify(" ".join(words))
        return str(language) if certainty >= CERTAINTY_NEEDED else None


def _on_disk(table: "array[int]") -> "memoryview[int]":
    """The same numbers, read from a file: of 42 MB only what somebody's words lead to takes memory."""
    with tempfile.TemporaryFile() as file:
        table.tofile(file)
        file.flush()
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return memoryview(pages).cast("I" if table.itemsize == 4 else "H")
