"""The JSON form of an area, as stored with a revision and exchanged with the console and the API.

Pure pydantic. Positions are written [lat, lon], unlike GeoJSON, because every officer-facing text does.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from places.errors import PlaceError, ShapeError
from places.geometry import MAX_POINTS
from places.region import FORM
from places.shapes import Circle, Polygon, Ring, Shape

LatLon = tuple[float, float]
RingModel = Annotated[list[LatLon], Field(min_length=1, max_length=MAX_POINTS)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class CircleModel(_Model):
    lat: float
    lon: float
    radius_km: float


class PolygonModel(_Model):
    exterior: RingModel
    holes: list[RingModel] = Field(default_factory=list)


class ExclusionsModel(_Model):
    circles: list[CircleModel] = Field(default_factory=list)
    polygons: list[PolygonModel] = Field(default_factory=list)


class AreaModel(_Model):
    circles: list[CircleModel] = Field(default_factory=list)
    polygons: list[PolygonModel] = Field(default_factory=list)
    countries: list[Annotated[str, Field(pattern=r"^[A-Z]{2}$")]] = Field(default_factory=list)
    regions: list[Annotated[str, Field(pattern=rf"^{FORM.pattern}$")]] = Field(default_factory=list)
    exclusions: ExclusionsModel = Field(default_factory=ExclusionsModel)


def read_model(document: object) -> AreaModel:
    """The checked document. Raises ShapeError naming the first faulty field, e.g.
    ``circles[0].radius_km``."""
    try:
        return (
            AreaModel.model_validate_json(document)
            if isinstance(document, (str, bytes))
            else _decoded(document)
        )
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False, include_context=False)[0]
        raise ShapeError(str(first["type"]), str(first["msg"]), _path(first["loc"])) from None


def _decoded(document: object) -> AreaModel:
    """Decoded JSON has lists where tuples are meant, so only this one rule is relaxed."""
    return AreaModel.model_validate(_tuples(document))


def _tuples(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _tuples(value) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        pair = len(node) == 2 and all(isinstance(item, (int, float)) for item in node)
        return tuple(node) if pair else [_tuples(item) for item in node]
    return node


def shapes_of(circles: list[CircleModel], polygons: list[PolygonModel], where: str = "") -> tuple[Shape, ...]:
    """The checked shapes; CoordinateError or ShapeError with the full path of the faulty value."""
    found: list[Shape] = []
    for number, circle in enumerate(circles):
        found.append(_made(f"{where}circles[{number}]", Circle, circle.lat, circle.lon, circle.radius_km))
    for number, polygon in enumerate(polygons):
        holes = tuple(_ring(hole) for hole in polygon.holes)
        found.append(_made(f"{where}polygons[{number}]", Polygon, _ring(polygon.exterior), holes))
    return tuple(found)


def _made(where: str, kind: type[Circle] | type[Polygon], *values: Any) -> Shape:
    try:
        return kind(*values)
    except PlaceError as fault:
        raise fault.under(where) from None


def _ring(points: list[LatLon]) -> Ring:
    return tuple((lat, lon) for lat, lon in points)


def written(shapes: tuple[Shape, ...]) -> dict[str, Any]:
    """The JSON-ready form of some shapes: {"circles": [...], "polygons": [...]}."""
    circles = [shape for shape in shapes if isinstance(shape, Circle)]
    polygons = [shape for shape in shapes if isinstance(shape, Polygon)]
    return {
        "circles": [{"lat": c.lat, "lon": c.lon, "radius_km": c.radius_km} for c in circles],
        "polygons": [
            {"exterior": _listed(p.exterior), "holes": [_listed(hole) for hole in p.holes]} for p in polygons
        ],
    }


def _listed(ring: Ring) -> list[list[float]]:
    return [[lat, lon] for lat, lon in ring]


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path
