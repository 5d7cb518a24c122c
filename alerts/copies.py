"""Which copy of a warning somebody gets. Values only."""

from enum import StrEnum


class Copy(StrEnum):
    """What the first line of a copy says of it; a value is the key of that line in the catalog."""

    FIRST = ""  # nothing
    LATE = "alert.late"  # its reader came into the audience after it was sent
    SECOND = "alert.second_notice"  # the same warning again, on another channel
