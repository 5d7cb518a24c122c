"""Untrusted XML to elements, safely. Touches lxml only: no file, no network, no entity, no DTD.

Limits: 2 MiB, 40 levels, 100,000 elements. A document with a DOCTYPE is refused whatever it declares.
"""

from lxml import etree

from alerts.errors import CapRefusedError

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 40
MAX_ELEMENTS = 100_000
NAMESPACES = {
    "http://www.incident.com/cap/1.0": "1.0",
    "urn:oasis:names:tc:emergency:cap:1.0": "1.0",
    "urn:oasis:names:tc:emergency:cap:1.1": "1.1",
    "urn:oasis:names:tc:emergency:cap:1.2": "1.2",
}

Element = etree._Element  # noqa: SLF001 - lxml's only name for what its own parser returns


def parse(data: bytes) -> Element:
    """The root of a document.

    Raises:
        CapRefusedError: it is too large, empty, not XML, has a DOCTYPE, or is nested or filled beyond reason.
    """
    if len(data) > MAX_BYTES:
        raise CapRefusedError("too_large", f"The file is larger than {MAX_BYTES // 1024} KiB.")
    if not data.strip():
        raise CapRefusedError("empty", "The file is empty.")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        # Even a broken document may have been broken on purpose behind a DOCTYPE: name the worse fault.
        if b"<!DOCTYPE" in data[:65_536].upper():
            raise _dtd() from None
        line = f" (line {error.lineno})" if error.lineno else ""
        raise CapRefusedError("not_xml", f"The file is not well-formed XML{line}.") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _dtd()
    _check_size(root)
    return root


def _dtd() -> CapRefusedError:
    return CapRefusedError("dtd", "The file carries a DOCTYPE, which no CAP alert needs and attacks use.")


def _check_size(root: Element) -> None:
    count = 0
    level = [(root, 1)]
    while level:
        element, depth = level.pop()
        count += 1
        if depth > MAX_DEPTH:
            raise CapRefusedError("too_deep", f"Elements are nested more than {MAX_DEPTH} levels deep.")
        if count > MAX_ELEMENTS:
            raise CapRefusedError("too_many_elements", f"The file has more than {MAX_ELEMENTS} elements.")
        level.extend((child, depth + 1) for child in element)


def name_of(element: Element) -> tuple[str, str]:
    """(namespace, local name); two empty strings for what is not an element."""
    if not isinstance(element.tag, str):
        return "", ""
    name = etree.QName(element)
    return name.namespace or "", name.localname


def children(element: Element, local: str) -> list[Element]:
    """Children called `local` in the namespace of their parent, in order."""
    namespace = name_of(element)[0]
    return [child for child in element if name_of(child) == (namespace, local)]


def text_of(element: Element, local: str) -> str | None:
    """The words of the first child called `local`, trimmed; None when there is no such child."""
    found = children(element, local)
    return (found[0].text or "").strip() if found else None


def texts_of(element: Element, local: str) -> tuple[str, ...]:
    """The words of every child called `local`; empty ones are left out."""
    words = ((child.text or "").strip() for child in children(element, local))
    return tuple(word for word in words if word)
