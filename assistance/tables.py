"""Tables of help cases, of the two-way relay, of questions and answers. Definitions only."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table
from sqlalchemy import UniqueConstraint as Unique

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

# One question with its answer. Entries with the same subject are variants of one question for different
# countries: "passport-lost" and "passport-lost@JP".
faq_entry = Table(
    "faq_entry",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slug", String(80), nullable=False, unique=True),
    Column("subject", String(80), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("retired_at", UtcDateTime),  # nobody is answered with it from this moment on
    Column("retired_by", Integer),
)

# Every version of every part of an entry; never changed once decided, never removed.
faq_revision = Table(
    "faq_revision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", Integer, ForeignKey("faq_entry.id", ondelete="CASCADE"), nullable=False),
    Column("part", String(12), nullable=False),  # a language, or "facts" (where, until when, source)
    Column("number", Integer, nullable=False),
    Column("content", JSON, nullable=False),
    Column("state", String(10), nullable=False),  # unreviewed | proposed | approved | replaced | rejected
    Column("authors", JSON, nullable=False),  # ids of everybody who wrote any of it since the last approval
    Column("approver_id", Integer),
    Column("origin", String(10), nullable=False),  # starter | import | officer | learned
    Column("created_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
    Unique("entry_id", "part", "number"),
    Index("ix_faq_revision_state", "state"),
)

# What is answered from: the revisions in force at one moment, with the thresholds found for just these.
faq_publication = Table(
    "faq_publication",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("revisions", JSON, nullable=False),  # ids
    Column("thresholds", JSON, nullable=False),  # engine -> language -> [answer, choose]
    Column("officer_id", Integer),  # None: the system itself, in a demonstration
    Column("at", UtcDateTime, nullable=False),
)

# Vectors of approved words, by their hash; never of what citizens typed.
faq_vector = Table(
    "faq_vector",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)

# What was asked, sealed with the asker's own key; goes with the person, and after 90 days.
faq_question = Table(
    "faq_question",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("key", String(80), nullable=False, unique=True),
    Column("person_id", BigId, nullable=False, index=True),
    Column("country", String(2), nullable=False),  # where the asker is; "" = unknown
    Column("language", String(12), nullable=False),  # of the asker
    Column("drill", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(10), nullable=False),  # offered | answered | refused | unanswered | settled
    Column("entry_id", Integer),  # what was shown as the answer
    Column("direct", Boolean, nullable=False),  # answered without asking back
    Column("score", Float, nullable=False),
    Column("case_id", BigId),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_faq_question_state", "state", "at"),
    Index("ix_faq_question_entry", "entry_id"),
)
