"""Fewer and smaller indexes on deliveries, so that a large audience is written sooner.

People come in the order of distance: every index that begins with a person is written all over. One such
index stays; what is looked up by revision grows at its end. Next rungs and providers' ids are unknown when a
delivery is written, and are indexed once they are known.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BY_REVISION = ["revision_id", "person_id", "rung"]
BY_PERSON = ["person_id", "revision_id", "rung"]


def upgrade() -> None:
    for name in ("ix_delivery_next", "ix_delivery_provider", "ix_delivery_person"):
        op.drop_index(name, table_name="delivery")
    _unique(BY_REVISION, BY_PERSON)
    op.create_index("ix_delivery_revision", "delivery", ["revision_id"])
    _where_known("ix_delivery_next", ["next_at"], sa.text("next_at IS NOT NULL"))
    _where_known(
        "ix_delivery_provider", ["channel", "account", "provider_id"], sa.text("provider_id IS NOT NULL")
    )


def downgrade() -> None:
    for name in ("ix_delivery_next", "ix_delivery_provider", "ix_delivery_revision"):
        op.drop_index(name, table_name="delivery")
    _unique(BY_PERSON, BY_REVISION)
    op.create_index("ix_delivery_next", "delivery", ["next_at"])
    op.create_index("ix_delivery_person", "delivery", ["person_id"])
    op.create_index("ix_delivery_provider", "delivery", ["channel", "account", "provider_id"])


def _unique(before: list[str], after: list[str]) -> None:
    with op.batch_alter_table("delivery") as table:  # SQLite copies the table: it cannot drop a constraint
        table.drop_constraint(op.f("uq_delivery_" + "_".join(before)), type_="unique")
        table.create_unique_constraint(op.f("uq_delivery_" + "_".join(after)), after)


def _where_known(name: str, columns: list[str], known: sa.TextClause) -> None:
    op.create_index(name, "delivery", columns, sqlite_where=known, postgresql_where=known)
