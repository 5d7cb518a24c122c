"""Errors of the words. Touches nothing else."""


class WordsError(Exception):
    """A catalog file is wrong or is asked for something it does not hold; always a mistake of ours."""


class UnknownWordsError(WordsError):
    """No entry has this key, or the values given are not the ones its text names."""


class BrokenCatalogError(WordsError):
    """A catalog file cannot be read or contradicts the others; the text names file and entry."""
