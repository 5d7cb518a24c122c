"""What stands around a message of an exercise. Pure."""

from locales.catalog import Catalog


def as_drill(catalog: Catalog, language: str, text: str, between: str = "\n\n") -> str:
    """`text` after the first line and before the last one of every message of an exercise."""
    lines = (catalog.say(language, "alert.drill.first"), text, catalog.say(language, "alert.drill.last"))
    return between.join(lines)
