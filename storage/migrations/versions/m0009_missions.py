"""Where missions are, and from which source with which date; emergency numbers an officer confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mission", sa.Column("city", sa.String(length=80), nullable=False, server_default=""))
    op.add_column("mission", sa.Column("lat", sa.Float()))
    op.add_column("mission", sa.Column("lon", sa.Float()))
    op.add_column("mission", sa.Column("source", sa.String(length=200), nullable=False, server_default=""))
    op.add_column("mission", sa.Column("checked_on", sa.Date()))
    op.create_table(
        "emergency_number",
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("numbers", sa.String(length=60), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("country", name=op.f("pk_emergency_number")),
    )


def downgrade() -> None:
    op.drop_table("emergency_number")
    for column in ("checked_on", "source", "lon", "lat", "city"):
        op.drop_column("mission", column)
