"""Tables of the people abroad: the privacy boundary. Definitions; nobody outside `registry/` writes them."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from storage.metadata import BigId, UtcDateTime, metadata

person = Table(
    "person",
    metadata,
    # random, 53 bits: says nothing, fits everywhere
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("state", String(10), nullable=False),  # new | active | stopped | merged | erased
    Column("language", String(12), nullable=False),
    Column("language_chosen", Boolean, nullable=False),  # chosen by the person, not guessed
    Column("consent_version", String(20)),
    Column("consent_at", UtcDateTime),
    Column("data_key", LargeBinary),  # sealed; gone when erased
    Column("drill", Boolean, nullable=False),  # a simulated person: only drills reach them
    Column("merged_into", BigId, index=True),  # the registration that took this one over; erased together
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

address = Table(
    "address",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("person_id", BigId, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("channel", String(16), nullable=False),
    Column("account", String(40), nullable=False),
    Column("lane", LargeBinary(32), nullable=False, unique=True),  # blind index of channel, account and value
    Column("value", LargeBinary, nullable=False),  # sealed with the person's key
    Column("state", String(8), nullable=False),  # active | gone | stopped
    Column("rank", Integer, nullable=False),  # the person's own order, 0 first
    Column("drill", Boolean, nullable=False),
    Column("last_inbound_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
)

whereabouts = Table(
    "whereabouts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("person_id", BigId, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(6), nullable=False),  # home | trip | pin
    Column("cell", BigId),  # H3 resolution 7; a pin is snapped to it before anything is written
    Column("radius_km", Float, nullable=False, default=0.0),  # of a named city
    Column("country", String(2), nullable=False),  # ISO 3166-1 alpha-2, the surest
    Column("near", String(8)),  # up to three more it may lie in (a pin at a border): "MM,LA"
    Column("admin1", String(20)),
    Column("label", LargeBinary),  # sealed name of the place as the person knows it
    Column("time_zone", String(40)),
    Column("valid_from", UtcDateTime),
    Column("valid_to", UtcDateTime),
    Column("source", String(10), nullable=False),  # pin | typed | officer | import
    Column("confirmed_at", UtcDateTime, nullable=False),
)

# A phone number given for calls and texts: never used before the person answered from it.
phone = Table(
    "phone",
    metadata,
    Column(
        "person_id", BigId, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("number", LargeBinary, nullable=False),  # sealed E.164
    Column("number_index", LargeBinary(32), nullable=False),
    Column("country", String(2)),
    Column("created_at", UtcDateTime, nullable=False),
)

# Who changed, in order; the audience index reads it with an overlap.
change = Table(
    "change",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("person_id", BigId, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

# An 8-digit code that joins a second channel to a person; 10 minutes, 5 tries.
link_code = Table(
    "link_code",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("person_id", BigId, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("code_index", LargeBinary(32), nullable=False, unique=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("claimed_by", BigId),  # who typed it and wants to join: the chat that showed it is asked
    Column("claimed_at", UtcDateTime),
)

# Wrong codes typed per lane, so that nobody can guess one.
link_try = Table(
    "link_try",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("lane", LargeBinary(32), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_link_try_lane", "lane", "at"),
)

# Relatives at home who want news of a country: told, never counted, never asked whether they are safe.
watch = Table(
    "watch",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("person_id", BigId, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("country", String(2), nullable=False, index=True),  # ISO 3166-1 alpha-2
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("person_id", "country"),
)

# Everything we ever asked somebody unasked outside an emergency: the ledger of the two a month.
prompt = Table(
    "prompt",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("person_id", BigId, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("about", BigId),  # id of the whereabouts it asked about
    Column("at", UtcDateTime, nullable=False),
    Index("ix_prompt_person", "person_id", "at"),
)

# How many citizens are thought to live in a country; no person is in here.
estimate = Table(
    "estimate",
    metadata,
    Column("country", String(2), primary_key=True),  # ISO 3166-1 alpha-2
    Column("people", Integer, nullable=False),
    Column("source", String(200), nullable=False),
    Column("year", Integer, nullable=False),
    Column("imported_at", UtcDateTime, nullable=False),
)
