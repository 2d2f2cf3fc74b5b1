"""How Alembic runs the revisions: over the one connection that `locum.store.upgrade` hands it, in its transaction."""

from __future__ import annotations

from alembic import context

from locum.store.tables import metadata, revision

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=revision.name,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
