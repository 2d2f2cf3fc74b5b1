"""A second revision that exists for tests alone: tables, indexes, a column and rows change."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Every kind of statement that a revision may hold."""
    op.create_table(
        "door",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO door SELECT id, name FROM entity WHERE kind = 'door'")
    op.create_index("door_name", "door", ["name"])
    op.drop_index("link_target", "link")
    op.add_column("mark", sa.Column("note", sa.Text))
    op.execute("UPDATE mark SET note = 'upgraded'")
    with op.batch_alter_table("secret") as secret:
        secret.add_column(sa.Column("note", sa.Text, server_default="sealed"))
    op.execute("UPDATE entity SET path = '/upgraded/'")
