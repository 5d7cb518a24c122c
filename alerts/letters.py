"""Items with the words for them, rendered once for each language. Touches a gateway's rendering only."""

from collections.abc import Sequence
from typing import NamedTuple

import structlog

from alerts.attempt import Item, Told
from alerts.copies import Copy
from alerts.delivery import DeliveryState
from alerts.errors import AlertRefusedError
from alerts.line import Line
from bot.errors import SendError
from bot.gateway import Prepared
from storage.errors import StorageUnavailableError

BROKEN = "broken"  # error of a delivery that a bug of ours stopped
NOT_APPROVED = "not_approved"  # error of a delivery whose revision nobody approved as it stands

log = structlog.get_logger(__name__)


class Letter(NamedTuple):
    """An item and the words for it. A tuple, because one is made for every message."""

    item: Item
    message: Prepared


_Words = Prepared | tuple[DeliveryState, str]


async def worded(
    line: Line, revision: int, items: Sequence[Item], copy: Copy
) -> tuple[list[Letter], list[Told]]:
    """Split items into those with their words, in their order, and the end of those for whom there are none.

    Raises:
        StorageUnavailableError: SQL is away; nobody came to an end.
    """
    words: dict[str, _Words] = {}
    for language in dict.fromkeys(item.language for item in items):
        words[language] = await _words(line, revision, language, copy)
    letters, ended = [], []
    for item in items:
        found = words[item.language]
        if isinstance(found, Prepared):
            letters.append(Letter(item, found))
        else:
            state, error = found
            ended.append(Told(item, DeliveryState.UNKNOWN if item.perhaps else state, error))
    return letters, ended


async def _words(line: Line, revision: int, language: str, copy: Copy) -> _Words:
    """The message in one language, or how those end who would have got it."""
    try:
        return await line.render(revision, language, copy)
    except StorageUnavailableError:
        raise
    except AlertRefusedError:  # changed behind everybody's back: not what two officers approved
        return DeliveryState.SKIPPED, NOT_APPROVED
    except SendError as error:  # the channel can never show these words
        return DeliveryState.FAILED, error.code
    except Exception as error:
        # A bug of ours in the words of one language must not hold up those who read another.
        log.error("words broke", action="words.broken", revision=revision, exc_info=error)
        return DeliveryState.FAILED, BROKEN
