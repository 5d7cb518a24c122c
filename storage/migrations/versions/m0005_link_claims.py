"""Who typed a link code: the chat that showed it must confirm before two registrations become one."""

import sqlalchemy as sa
from alembic import op

from storage.metadata import BigId, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("link_code") as batch:
        batch.add_column(sa.Column("claimed_by", BigId, nullable=True))
        batch.add_column(sa.Column("claimed_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("link_code") as batch:
        batch.drop_column("claimed_at")
        batch.drop_column("claimed_by")
