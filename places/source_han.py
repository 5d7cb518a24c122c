"""Which simplified character stands for a traditional one. Used when the gazetteer is compiled, only then.

Data: OpenCC's character table (Apache License 2.0), as opencc-python-reimplemented carries it. One character
at a time is enough for names of places.
"""

from importlib.resources import files


def simplified_characters() -> dict[str, str]:
    """Traditional character -> simplified one, where they differ."""
    text = files("opencc").joinpath("dictionary", "TSCharacters.txt").read_text("utf-8")
    pairs = (line.split("\t") for line in text.splitlines() if line)
    return {old: new.split(" ")[0] for old, new in pairs if old != new.split(" ")[0]}
