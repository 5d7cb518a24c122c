"""Messages that a provider bills, by month and sender account; receipts of replies find their row."""

import sqlalchemy as sa
from alembic import op

from storage.metadata import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spending",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("capped_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("channel", "account", "month", name=op.f("pk_spending")),
    )
    op.create_index("ix_outbox_provider", "outbox", ["channel", "account", "provider_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_outbox_provider", table_name="outbox")
    op.drop_table("spending")
