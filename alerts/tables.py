"""Tables of events, alerts, deliveries and check-ins. Definitions only."""

from sqlalchemy import (
    JSON,
    BigInteger,
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
    text,
)

from storage.metadata import BigId, UtcDateTime, metadata

# One thing that happens in the world; check-ins, cases and the board belong to it.
event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("code", String(6), nullable=False, unique=True),  # [A-Z2-9], travels in buttons
    Column("title", String(160), nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
)

alert = Table(
    "alert",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("event_id", Integer, ForeignKey("event.id"), nullable=False, index=True),
    Column("identifier", String(120), nullable=False, unique=True),  # CAP identifier, ours
    Column("status", String(10), nullable=False),  # Actual | Exercise | Test
    Column("audience", String(10), nullable=False),  # Public | Registered
    Column("msg_type", String(10), nullable=False),  # Alert | Update | Cancel
    Column("corrects", Integer, ForeignKey("alert.id")),  # the alert this one corrects or follows
    Column("mission_id", Integer),
    Column("state", String(10), nullable=False),
    Column("created_by", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("cancelled_at", UtcDateTime),
    Column("cancelled_by", Integer),
)

# What was written; frozen once approved. Only the newest revision of an alert can be sent.
revision = Table(
    "revision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("alert_id", Integer, ForeignKey("alert.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("event_name", String(160), nullable=False),
    Column("category", String(12), nullable=False),
    Column("severity", String(10), nullable=False),  # Extreme | Severe | Moderate | Minor | Unknown
    Column("urgency", String(10), nullable=False),
    Column("certainty", String(10), nullable=False),
    Column("texts", JSON, nullable=False),  # {language: {headline, description, instruction}}
    Column("correction", JSON, nullable=False),  # {language: text}, required for severe and extreme
    Column("all_clear", JSON, nullable=False),
    Column("area", JSON, nullable=False),  # places.area.Area
    Column("area_name", String(200), nullable=False),
    Column("time_zone", String(40), nullable=False),
    Column("onset", UtcDateTime),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("useful_until", UtcDateTime, nullable=False),
    Column("include_maybe", Boolean, nullable=False),
    Column("policy", String(14), nullable=False),  # at-least-once | never-resend
    Column("authors", JSON, nullable=False),  # officer ids who changed text, area or audience
    Column("accepted_fallbacks", JSON, nullable=False),  # {language: people} the approver saw and accepted
    Column("submitted_by", Integer),
    Column("submitted_at", UtcDateTime),
    Column("approved_by", Integer),
    Column("approved_at", UtcDateTime),
    Column("digest", LargeBinary(32)),  # over everything above, set at approval
    # the planner's own
    Column("plan_owner", String(40)),
    Column("plan_fence", BigId, nullable=False, default=0),
    Column("plan_until", UtcDateTime),
    Column("planned_at", UtcDateTime),  # first resolution complete
    Column("resolved_at", UtcDateTime),  # last resolution
    Column("next_seq", BigId, nullable=False, default=0),
    UniqueConstraint("alert_id", "number"),
    Index("ix_revision_approved", "approved_at"),
)

# People in the audience nobody could be reached for: known, counted, listed.
unreachable = Table(
    "unreachable",
    metadata,
    Column("revision_id", Integer, ForeignKey("revision.id"), primary_key=True),
    Column("person_id", BigId, primary_key=True, autoincrement=False),
    Column("reason", String(20), nullable=False),  # no_address | addresses_gone
    Column("at", UtcDateTime, nullable=False),
)

batch = Table(
    "batch",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("revision_id", Integer, ForeignKey("revision.id"), nullable=False),
    Column("rung", Integer, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("account", String(40), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("deliveries", LargeBinary, nullable=False),  # packed little-endian int64 delivery ids
    Column("size", Integer, nullable=False),
    Column("place", BigInteger, nullable=False, server_default="0"),  # offered in this order: nearest first
    Column("state", String(6), nullable=False),  # open | done
    Column("created_at", UtcDateTime, nullable=False),
    Column("offered_at", UtcDateTime),  # first put on a stream
    Column("begun_at", UtcDateTime),  # somebody of it may have the message from then on
    Column("closed_at", UtcDateTime),
    Index("ix_batch_open", "state", "revision_id"),
)

_DUE = text("next_at IS NOT NULL")
_NAMED = text("provider_id IS NOT NULL")
_SILENCED = text("status IN ('CLOSED', 'DECEASED', 'DETAINED', 'HOSPITALISED')")  # `checkins.SILENCED`

# id = revision << 32 | seq, so that a batch needs no look-up. No foreign key to the revision: whoever writes
# rows takes their numbers from it in the same transaction, and no revision is ever deleted.
delivery = Table(
    "delivery",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("revision_id", Integer, nullable=False),
    Column("person_id", BigId, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("address_id", BigId, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("account", String(40), nullable=False),
    # of this person; who lacks a text in it gets a labelled fallback
    Column("language", String(12), nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("confidence", String(8), nullable=False),  # area | city | country | maybe
    Column("distance_km", Float),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("provider_id", String(80)),
    Column("error", String(60)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("attempted_at", UtcDateTime),
    Column("accepted_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    Column("read_at", UtcDateTime),
    Column("next_at", UtcDateTime),  # when the next rung is due, unless something arrives before
    # An index that begins with a person is written all over, so there is one (see `alerts.strata`); that of
    # the revision grows at its end, and what is not known yet is in none.
    UniqueConstraint("person_id", "revision_id", "rung"),
    Index("ix_delivery_revision", "revision_id"),
    Index("ix_delivery_next", "next_at", sqlite_where=_DUE, postgresql_where=_DUE),
    Index(
        "ix_delivery_provider",
        "channel",
        "account",
        "provider_id",
        sqlite_where=_NAMED,
        postgresql_where=_NAMED,
    ),
)

# Up to when the people whom an officer's release moves have been moved, whichever planner moved them.
pace = Table(
    "pace",
    metadata,
    Column("revision_id", Integer, ForeignKey("revision.id"), primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("account", String(40), primary_key=True),
    Column("moved_until", UtcDateTime, nullable=False),
)

# The person's newest answer in an event, and every answer before it.
checkin = Table(
    "checkin",
    metadata,
    Column("event_id", Integer, ForeignKey("event.id"), primary_key=True),
    Column("person_id", BigId, primary_key=True, autoincrement=False),
    Column("status", String(12), nullable=False),
    Column("source", String(10), nullable=False),  # self | household | warden | officer | partner
    Column("officer_id", Integer),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_checkin_silenced", "person_id", sqlite_where=_SILENCED, postgresql_where=_SILENCED),
)
checkin_history = Table(
    "checkin_history",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("event_id", Integer, ForeignKey("event.id"), nullable=False),
    Column("person_id", BigId, nullable=False),
    Column("status", String(12), nullable=False),
    Column("source", String(10), nullable=False),
    Column("officer_id", Integer),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_checkin_history_event", "event_id", "person_id"),
)

# The life of Redis as SQL knows it: one row, id 1.
redis_epoch = Table(
    "redis_epoch",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", String(32), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("owner", String(40)),
    Column("until", UtcDateTime),
)
