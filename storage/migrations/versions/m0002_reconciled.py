"""Up to which moment the lists of a sender account were read."""

import sqlalchemy as sa
from alembic import op

from storage.metadata import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reconciled",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "account", name=op.f("pk_reconciled")),
    )


def downgrade() -> None:
    op.drop_table("reconciled")
