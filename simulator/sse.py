"""Server-sent events, read line by line. Pure. Rules: WHATWG HTML, section "Interpreting an event stream"."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event of a stream."""

    id: str
    name: str
    data: str


class EventReader:
    """Feed it lines without their line ends; it returns an event at each blank line that ends one."""

    def __init__(self) -> None:
        self._id = ""
        self._name = ""
        self._data: list[str] = []

    def feed(self, line: str) -> ServerEvent | None:
        """One line; comments (`: beat`) give nothing."""
        if not line:
            return self._end()
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        elif field == "id" and "\0" not in value:
            self._id = value
        return None

    def _end(self) -> ServerEvent | None:
        data, name = self._data, self._name or "message"
        self._data, self._name = [], ""
        return ServerEvent(self._id, name, "\n".join(data)) if data else None
