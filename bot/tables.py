"""Tables of the bot core: inbox, outbox, conversations, lanes, web chats. Definitions only."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
)

from storage.metadata import BigId, UtcDateTime, metadata

# One event from a provider or browser. `body` is the sealed event; it goes after processing + 7 days.
inbox = Table(
    "inbox",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),  # channel:account:provider key
    Column("channel", String(16), nullable=False),
    Column("account", String(40), nullable=False),
    Column("kind", String(12), nullable=False),  # inbound | receipt
    # The blind index of the address; of the provider id for receipts.
    Column("lane", LargeBinary(32), nullable=False),
    Column("partition", SmallInteger, nullable=False),  # lane hash, 0..LANE_PARTITIONS-1
    Column("body", LargeBinary),
    Column("received_at", UtcDateTime, nullable=False),
    Column("state", String(8), nullable=False),  # `lifecycle.InboxState`
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    Index("ix_inbox_waiting", "state", "partition", "next_at", "id"),
    Index("ix_inbox_done", "done_at"),
)

# One message to one citizen that is not part of a broadcast: replies, an officer's answer, prompts.
outbox = Table(
    "outbox",
    metadata,
    Column("id", BigId, primary_key=True),
    # What caused it, so that a retried step adds nothing.
    Column("key", String(80), nullable=False, unique=True),
    Column("lane", LargeBinary(32), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("account", String(40), nullable=False),
    Column("address", LargeBinary, nullable=False),  # sealed
    Column("body", LargeBinary, nullable=False),  # sealed Outbound
    Column("drill", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("state", String(8), nullable=False),  # `lifecycle.OutboxState`
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", UtcDateTime, nullable=False),
    Column("provider_id", String(80)),
    Column("error", String(60)),
    Column("done_at", UtcDateTime),
    Index("ix_outbox_waiting", "state", "next_at", "id"),
    Index("ix_outbox_lane", "lane", "state", "id"),
    Index("ix_outbox_provider", "channel", "account", "provider_id"),  # receipts of replies
)

# Where one conversation stands; `state` is sealed JSON.
conversation = Table(
    "conversation",
    metadata,
    Column("lane", LargeBinary(32), primary_key=True),
    Column("state", LargeBinary, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# Who works on which share of the lanes; a step commits only while its fence still stands.
lane_lease = Table(
    "lane_lease",
    metadata,
    Column("partition", SmallInteger, primary_key=True, autoincrement=False),
    Column("owner", String(40), nullable=False),
    Column("fence", BigId, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

# A message that a provider approved beforehand: what we may say to somebody who did not write for a day.
template = Table(
    "template",
    metadata,
    Column("account", String(40), primary_key=True),  # our name of the sender account
    Column("purpose", String(16), primary_key=True),  # knock | knock_drill | knock_info | waiting | buttons
    Column("language", String(12), primary_key=True),  # BCP 47; "" = any (only `buttons`)
    Column("name", String(120), nullable=False),
    Column("sid", String(34), nullable=False),  # the provider's id of the content
    Column("category", String(16), nullable=False),  # utility | marketing | authentication | unknown
    Column("state", String(16), nullable=False),  # as the provider last said: approved, paused, rejected ...
    Column("slots", JSON, nullable=False),  # names of its variables, in their order
    Column("checked_at", UtcDateTime),  # when the provider was last asked
    Column("changed_at", UtcDateTime, nullable=False),
)

# Messages of a calendar month (UTC, "2026-11") that a provider bills, by sender account; kept for the books.
spending = Table(
    "spending",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("account", String(40), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("used", Integer, nullable=False),
    Column("capped_at", UtcDateTime),  # when operators were told that the cap is reached
)

# Up to which moment the provider's own list of one sender account was read (see `bot.reconciled`).
reconciled = Table(
    "reconciled",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("account", String(40), primary_key=True),
    Column("until", UtcDateTime, nullable=False),
)

# One browser (or several that share a cookie): the token is known only as its SHA-256.
webchat = Table(
    "webchat",
    metadata,
    Column("chat", String(32), primary_key=True),  # random id; the value of the address
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

# Both directions of a web chat, stored before it is announced; `body` is sealed and goes after 30 days.
webchat_message = Table(
    "webchat_message",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("chat", String(32), ForeignKey("webchat.chat", ondelete="CASCADE"), nullable=False),
    Column("key", String(80), nullable=False, unique=True),  # makes a repeated store harmless
    Column("from_citizen", Boolean, nullable=False),
    Column("delivery", BigId),  # of a broadcast
    Column("body", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("acked_at", UtcDateTime),
    Index("ix_webchat_message_chat", "chat", "id"),
    sqlite_autoincrement=True,
)
