"""Whether a position somebody shares is for an open request (kept exactly) or to be warned (snapped first).

Touches SQL, before the inbox row is written: an exact position that nobody needs is never stored anywhere.
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from assistance import cases
from bot.inbox import ExactWanted
from bot.sessions import load_session
from handlers.visit import At
from registry import people
from storage.vault import Vault

PLACE_STEPS = {At.PLACE, At.PICK, At.COUNTRY, At.TRIP_PLACE}


def build_exact_wanted(vault: Vault) -> ExactWanted:
    """The rule the inbox asks: a request is open, and the person was not just asked where to warn them."""

    async def exact_wanted(connection: AsyncConnection, lane: bytes) -> bool:
        known = await people.find(connection, lane)
        if known is None or await cases.current(connection, known[0].id) is None:
            return False
        session = await load_session(connection, vault, lane)
        return session.step not in PLACE_STEPS

    return exact_wanted
