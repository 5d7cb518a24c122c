"""Tables of officers, missions, sign-ins and the audit chain. Definitions only."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from storage.metadata import BigId, UtcDateTime, metadata

mission = Table(
    "mission",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(120), nullable=False),
    Column("country", String(2), nullable=False),
    Column("phone", String(40), nullable=False),  # public duty number
    Column("city", String(80), nullable=False, default="", server_default=""),
    Column("lat", Float),  # degrees; both or none
    Column("lon", Float),
    Column("source", String(200), nullable=False, default="", server_default=""),
    Column("checked_on", Date),  # when somebody last saw that this is true
)

# Emergency numbers an officer confirmed, "112,911"; "" = show the mission's phone. In place of all others.
emergency_number = Table(
    "emergency_number",
    metadata,
    Column("country", String(2), primary_key=True),
    Column("numbers", String(60), nullable=False),
    Column("source", String(200), nullable=False),
    Column("checked_on", Date, nullable=False),
)

officer = Table(
    "officer",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("login", String(40), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("password", String(200), nullable=False),  # argon2id
    Column("totp", LargeBinary, nullable=False),  # sealed secret
    Column("totp_step", BigId),  # last accepted time step: a code works once
    Column("state", String(8), nullable=False),  # `officers.OfficerState`
    Column("failures", Integer, nullable=False, default=0),
    Column("locked_until", UtcDateTime),
    Column("created_by", Integer, ForeignKey("officer.id")),
    Column("created_at", UtcDateTime, nullable=False),
    # who last set this officer's password and code: may not have their own alerts approved by them for a day
    Column("reset_by", Integer, ForeignKey("officer.id")),
    Column("reset_at", UtcDateTime),
)

# What an officer may do and where; countries "*" = everywhere.
officer_role = Table(
    "officer_role",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("officer_id", Integer, ForeignKey("officer.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("role", String(12), nullable=False),  # author | approver | case | admin | auditor
    Column("countries", String(400), nullable=False),  # "IS,NO" or "*"
)

# Sign-ins of the console (cookie) and short-lived credentials of API and CLI; known only as SHA-256.
officer_session = Table(
    "officer_session",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("officer_id", Integer, ForeignKey("officer.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(8), nullable=False),  # console | bearer | once
    Column("csrf", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

# Every act, hash-chained; random ids and codes only, never words or names of citizens.
audit = Table(
    "audit",
    metadata,
    Column("seq", BigId, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(60), nullable=False),  # officer:3, system:planner
    Column("action", String(60), nullable=False),  # alert.approve
    Column("subject", String(80), nullable=False),  # alert:12
    Column("detail", JSON, nullable=False),
    Column("previous", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Index("ix_audit_subject", "subject"),
)

# What an operator must see: a refused account, held rungs, a call for help.
notice = Table(
    "notice",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("text", String(300), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
)
