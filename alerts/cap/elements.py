"""The order in which CAP wants its elements. Pure.

Source: the sequences of the CAP 1.1 and 1.2 schemas (OASIS). We accept any order; stricter
readers do not, so a file that breaks it is told about.
"""

from alerts.cap.xml import Element, name_of

ORDER = {
    "alert": (
        *("identifier", "sender", "sent", "status", "msgType", "source", "scope", "restriction", "addresses"),
        *("code", "note", "references", "incidents", "info"),
    ),
    "info": (
        *("language", "category", "event", "responseType", "urgency", "severity", "certainty", "audience"),
        *("eventCode", "effective", "onset", "expires", "senderName", "headline", "description"),
        *("instruction", "web", "contact", "parameter", "resource", "area"),
    ),
    "area": ("areaDesc", "polygon", "circle", "geocode", "altitude", "ceiling"),
}


def is_ordered(element: Element) -> bool:
    """Whether the children of `element` come in the standard's order; True for elements without one."""
    namespace, local = name_of(element)
    order = ORDER.get(local)
    if order is None:
        return True
    names = [name for space, name in map(name_of, element) if space == namespace]
    places = [order.index(name) for name in names if name in order]
    return places == sorted(places)
