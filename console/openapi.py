"""`/api/v1/openapi.json`: OpenAPI 3.1, made from the same pydantic models the API checks with. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from console import api_models as models
from console.access import Page

REFUSALS = {
    "400": "The request is not what this path takes.",
    "401": "No credential, or one that has ended.",
    "403": "The officer may not do this.",
    "404": "There is no such thing in the officer's countries.",
    "409": "Refused by a rule; every reason is named.",
    "503": "The database is away; nothing was changed.",
}
REF = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One path of the API.

    Attributes:
        takes: the JSON body; None = none, or `media` says what else.
        gives: the JSON of a success.
        query: names of query parameters, required ones first with `!`.
    """

    page: Page
    gives: type[BaseModel]
    takes: type[BaseModel] | None = None
    status: int = 200
    media: str = "application/json"
    query: tuple[str, ...] = ()


def document(operations: Sequence[Operation], title: str) -> dict[str, Any]:
    """The whole document."""
    used = dict.fromkeys(
        model for one in operations for model in (one.takes, one.gives, models.Problem) if model is not None
    )
    _, schemas = models_json_schema([(model, "validation") for model in used], ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.page.path, {})[one.page.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "1",
            "description": "Two officers, always.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"officer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"officer": []}],
    }


def _operation(one: Operation) -> dict[str, Any]:
    words = (one.page.handler.__doc__ or "").strip().splitlines()
    found: dict[str, Any] = {
        "operationId": one.page.handler.__name__,
        "summary": words[0] if words else "",
        "responses": {
            str(one.status): {"description": "Done.", "content": _json(one.gives)},
            **{
                status: {"description": text, "content": _json(models.Problem)}
                for status, text in REFUSALS.items()
            },
        },
    }
    names = [part.strip("{}") for part in one.page.path.split("/") if part.startswith("{")]
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
        for name in names
    ]
    parameters += [
        {
            "name": name.rstrip("!"),
            "in": "query",
            "required": name.endswith("!"),
            "schema": {"type": "string"},
        }
        for name in one.query
    ]
    if parameters:
        found["parameters"] = parameters
    if one.page.anybody:
        found["security"] = []
    if one.media != "application/json":
        found["requestBody"] = {"required": True, "content": {one.media: {"schema": {"type": "string"}}}}
    elif one.takes is not None:
        found["requestBody"] = {"required": True, "content": _json(one.takes)}
    return found


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": REF.format(model=model.__name__)}}}
