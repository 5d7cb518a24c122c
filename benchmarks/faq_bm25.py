"""The baseline: BM25 on words, as any search engine has it; k1 = 1.2, b = 0.75."""

import math
import re
from collections import Counter, defaultdict

from assistance.faq.grams import plain
from benchmarks.faq_starter import Bank

Ranked = list[tuple[str, float]]


class Bm25:
    """An entry is its best question."""

    def __init__(self, bank: Bank) -> None:
        entries = [pair for questions in bank.values() for pair in questions.items()]
        pairs = [(entry, self._words(text)) for entry, texts in entries for text in texts]
        self._owners = [owner for owner, _ in pairs]
        self._rows = [Counter(words) for _, words in pairs]
        self._lengths = [len(words) for _, words in pairs]
        self._mean = sum(self._lengths) / len(self._lengths)
        frequency = Counter(word for row in self._rows for word in row)
        total = len(pairs)
        self._idf = {word: math.log(1 + (total - n + 0.5) / (n + 0.5)) for word, n in frequency.items()}
        self._posted = defaultdict(list)
        for number, row in enumerate(self._rows):
            for word in row:
                self._posted[word].append(number)

    def __call__(self, question: str, _language: str) -> Ranked:
        scores: dict[int, float] = defaultdict(float)
        for word in set(self._words(question)):
            for number in self._posted.get(word, ()):
                times, length = self._rows[number][word], self._lengths[number] / self._mean
                scores[number] += self._idf[word] * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * length))
        best: dict[str, float] = {}
        for number, score in scores.items():
            best[self._owners[number]] = max(best.get(self._owners[number], 0.0), score)
        return sorted(best.items(), key=lambda pair: -pair[1])[:10]

    def _words(self, text: str) -> list[str]:
        return re.findall(r"[a-z0-9']+", plain(text))
