"""The one error family of places/: what was wrong with a coordinate, a shape or the gazetteer file.

Touches nothing. Messages never carry the coordinates or texts themselves: a pin is personal data.
"""


class PlaceError(Exception):
    """Base of everything places/ raises. `code` is stable and machine-readable, `where` is a path such as
    ``polygons[0].exterior[3]`` (empty when the whole value is meant), `reason` is a sentence for an
    officer."""

    def __init__(self, code: str, reason: str, where: str = "") -> None:
        self.code = code
        self.reason = reason
        self.where = where
        super().__init__(f"{where}: {reason}" if where else reason)

    def under(self, prefix: str) -> "PlaceError":
        """The same fault, named from one level further out."""
        where = f"{prefix}.{self.where}" if self.where else prefix
        return type(self)(self.code, self.reason, where)


class CoordinateError(PlaceError):
    """A latitude, longitude or radius that cannot exist."""


class ShapeError(PlaceError):
    """A circle, polygon, country list or document that cannot be read as an area."""


class GazetteerError(PlaceError):
    """The compiled gazetteer is missing, damaged or of another version; compile it again."""
