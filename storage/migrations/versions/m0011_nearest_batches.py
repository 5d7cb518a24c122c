"""Batches know how near their people are, and a delivery's revision is not looked up for every row.

A large audience is written in the order in which the index of persons takes it, not in that of distance:
`place` says in which order its batches are offered. Whoever writes deliveries has just taken their numbers
from the very revision, in the same transaction; a foreign key looked for it again with each of 300,000 rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = "fk_delivery_revision_id_revision"
ONCE_KNOWN = {
    "ix_delivery_next": (["next_at"], sa.text("next_at IS NOT NULL")),
    "ix_delivery_provider": (["channel", "account", "provider_id"], sa.text("provider_id IS NOT NULL")),
}


def upgrade() -> None:
    op.add_column("batch", sa.Column("place", sa.BigInteger(), nullable=False, server_default="0"))
    _drop_partial()
    with op.batch_alter_table("delivery") as table:  # SQLite copies the table: it cannot drop a constraint
        table.drop_constraint(op.f(KEY), type_="foreignkey")
    _create_partial()


def downgrade() -> None:
    _drop_partial()
    with op.batch_alter_table("delivery") as table:
        table.create_foreign_key(op.f(KEY), "revision", ["revision_id"], ["id"])
    _create_partial()
    op.drop_column("batch", "place")


def _drop_partial() -> None:
    for name in ONCE_KNOWN:
        op.drop_index(name, table_name="delivery")


def _create_partial() -> None:
    for name, (columns, known) in ONCE_KNOWN.items():
        op.create_index(name, "delivery", columns, sqlite_where=known, postgresql_where=known)
