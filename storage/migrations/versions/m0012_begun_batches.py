"""Batches know that a worker began with them.

Outcomes reach SQL half a second after their message, and only with the next worker when one dies. Who is in a
batch that nobody began with has no warning to answer yet; who is in another may have one (`alerts/live.py`).
"""

import sqlalchemy as sa
from alembic import op

from storage.metadata import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batch", sa.Column("begun_at", UtcDateTime()))


def downgrade() -> None:
    op.drop_column("batch", "begun_at")
