"""Rows and transactions: where everything is kept. `locum.store.engine.open_store` opens a store."""
