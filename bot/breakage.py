"""How an error of our own is logged where it is caught: where it broke, never what it says. Touches the log
only.
"""

import logging
import traceback

LOG = logging.getLogger(__name__)


def log_broken(what: str, row: int, error: Exception) -> None:
    """Log the class of `error` and the last places it passed; its text may hold words of a person."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-4:]]
    LOG.error(what, extra={"row": row, "error": type(error).__name__, "where": where})
