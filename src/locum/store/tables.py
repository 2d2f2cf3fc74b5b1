"""The tables, as SQLAlchemy Core.

Law: the schema and nothing else. It keeps to the subset that SQLite, PostgreSQL and their distributed kin share: no
sequences in keys, no triggers, no advisory locks. Every row carries its account. A changed table needs a revision under
`migrations/` and a new `HEAD` there.

An id is unique together with its kind, because what has no id of AWS's own has a written one: a login profile goes by
its user's (decisions 15).
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, String, Table, Text

metadata = MetaData()

#: one row a stored thing; `doc` is the whole of it, the other columns are what it is looked up by
entity = Table(
    "entity",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("doc", LargeBinary, nullable=False),
)
Index("entity_name", entity.c.account, entity.c.kind, entity.c.owner, entity.c.name_key, unique=True)
_OWNED = entity.c.owner != ""
Index("entity_owner", entity.c.owner, entity.c.kind, sqlite_where=_OWNED, postgresql_where=_OWNED)

#: from an id to an id or to the ARN of what is no row; `position` is that of the change that made it
link = Table(
    "link",
    metadata,
    Column("source", Text, primary_key=True),
    Column("relation", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("position", Integer, nullable=False),
    sqlite_with_rowid=False,
)
Index("link_target", link.c.target, link.c.relation, link.c.account)

#: one sealed value of one entity; `version` counts the values this column has had
secret = Table(
    "secret",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("column", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("data_key", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

#: the append-only log; positions have no gaps
change = Table(
    "change",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("account", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("before", LargeBinary),
    Column("after", LargeBinary),
)
Index("change_account", change.c.account, change.c.position)

#: the position of an account's last change that can alter a decision (decisions 18)
generation = Table(
    "generation",
    metadata,
    Column("account", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    sqlite_with_rowid=False,
)

#: data keys, wrapped under the master key (rule K2); `uses` counts what each has sealed (rule K3)
data_key = Table(
    "data_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("master_key", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)

#: one row: the mode that made this store (rule E7)
mark = Table(
    "mark",
    metadata,
    Column("mode", Text, primary_key=True),
    Column("created", Text, nullable=False),
)

#: one row: the revision these tables have; Alembic's own, as Alembic makes it
revision = Table(
    "revision",
    metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="revision_pkc"),
)
