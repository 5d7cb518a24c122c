"""Questions and answers that officers approved, and what citizens asked."""

import sqlalchemy as sa
from alembic import op

from storage.metadata import BigId, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "faq_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.Column("retired_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faq_entry")),
        sa.UniqueConstraint("slug", name=op.f("uq_faq_entry_slug")),
    )
    op.create_index(op.f("ix_faq_entry_subject"), "faq_entry", ["subject"])
    op.create_table(
        "faq_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=12), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("approver_id", sa.Integer(), nullable=True),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faq_revision")),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["faq_entry.id"],
            ondelete="CASCADE",
            name=op.f("fk_faq_revision_entry_id_faq_entry"),
        ),
        sa.UniqueConstraint("entry_id", "part", "number", name=op.f("uq_faq_revision_entry_id_part_number")),
    )
    op.create_index("ix_faq_revision_state", "faq_revision", ["state"])
    op.create_table(
        "faq_publication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revisions", sa.JSON(), nullable=False),
        sa.Column("thresholds", sa.JSON(), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faq_publication")),
    )
    op.create_table(
        "faq_vector",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_faq_vector")),
    )
    op.create_table(
        "faq_question",
        sa.Column("id", BigId, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("direct", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faq_question")),
        sa.UniqueConstraint("key", name=op.f("uq_faq_question_key")),
    )
    op.create_index(op.f("ix_faq_question_person_id"), "faq_question", ["person_id"])
    op.create_index("ix_faq_question_state", "faq_question", ["state", "at"])
    op.create_index("ix_faq_question_entry", "faq_question", ["entry_id"])


def downgrade() -> None:
    for table in ("faq_question", "faq_vector", "faq_publication", "faq_revision", "faq_entry"):
        op.drop_table(table)
