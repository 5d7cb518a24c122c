"""Tables of help cases and the two-way relay. Definitions only."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from storage.metadata import BigId, UtcDateTime, metadata

help_case = Table(
    "help_case",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),  # random
    Column("code", String(8), nullable=False, unique=True),  # the number the citizen is told
    Column("event_id", Integer),  # None: asked for help outside any alert
    Column("person_id", BigId, nullable=False, index=True),
    Column("country", String(2), nullable=False),  # where the person is, for jurisdiction; "" = unknown
    Column("drill", Integer, nullable=False),
    Column("state", String(10), nullable=False),  # open | answered | closed
    Column("officer_id", Integer),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Index("ix_help_case_state", "state", "opened_at"),
)

# The thread of a case: words of both sides and exact pins, sealed with the person's key, deleted with the
# case.
case_message = Table(
    "case_message",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("case_id", BigId, ForeignKey("help_case.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("key", String(80), nullable=False, unique=True),
    Column("author", String(20), nullable=False),  # citizen | officer:3 | system
    Column("kind", String(6), nullable=False),  # text | pin
    Column("body", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
