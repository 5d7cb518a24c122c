"""How far a release has moved people, whichever planner did it."""

import sqlalchemy as sa
from alembic import op

from storage.metadata import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pace",
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("moved_until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("revision_id", "channel", "account", name=op.f("pk_pace")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_pace_revision_id_revision")),
    )


def downgrade() -> None:
    op.drop_table("pace")
