"""Whom no automatic message may reach is found by person, whatever the event.

A sender asks for each of its batches: an officer may have recorded it while the warning was waiting. Few rows
are such, and only those are in the index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SILENCED = sa.text("status IN ('CLOSED', 'DECEASED', 'DETAINED', 'HOSPITALISED')")


def upgrade() -> None:
    op.create_index(
        "ix_checkin_silenced", "checkin", ["person_id"], sqlite_where=SILENCED, postgresql_where=SILENCED
    )


def downgrade() -> None:
    op.drop_index("ix_checkin_silenced", table_name="checkin")
