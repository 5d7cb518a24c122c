"""Who wants news of a country, what we asked people unasked, and how many citizens live in each country."""

import sqlalchemy as sa
from alembic import op

from storage.metadata import BigId, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watch",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], ondelete="CASCADE", name=op.f("fk_watch_person_id_person")
        ),
        sa.UniqueConstraint("person_id", "country", name=op.f("uq_watch_person_id_country")),
    )
    op.create_index(op.f("ix_watch_country"), "watch", ["country"])
    op.create_table(
        "prompt",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("about", BigId, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], ondelete="CASCADE", name=op.f("fk_prompt_person_id_person")
        ),
    )
    op.create_index("ix_prompt_person", "prompt", ["person_id", "at"])
    op.create_table(
        "estimate",
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("imported_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("country", name=op.f("pk_estimate")),
    )


def downgrade() -> None:
    for table in ("estimate", "prompt", "watch"):
        op.drop_table(table)
