"""The schema's revisions, for Alembic. `locum.store.upgrade` runs them."""
