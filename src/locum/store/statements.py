"""Every statement the store runs, written in SQLAlchemy Core and compiled once to text.

Law: SQL is written here and nowhere else. Core is the language; the driver gets plain text and named parameters,
because building a statement anew costs ten times what SQLite takes to run it.
"""

from __future__ import annotations

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import sqlite

from locum.store.tables import change, data_key, entity, generation, link, mark, revision, secret

SQLITE = sqlite.dialect(paramstyle="named")


_EMPTY: ColumnElement[str] = literal_column("''")
_ONE: ColumnElement[int] = literal_column("1")
_ZERO: ColumnElement[int] = literal_column("0")


def _text(statement: ClauseElement) -> str:
    """The statement's text. Raises ValueError for a value that Core would have kept beside it."""
    compiled = statement.compile(dialect=SQLITE)
    if kept := [name for name, value in compiled.params.items() if value is not None]:
        raise ValueError(f"the statement keeps values of its own: `{', '.join(kept)}`; write them as literals")
    return str(compiled)


def _is(column: ColumnElement[str], name: str | None = None) -> ColumnElement[bool]:
    return column == bindparam(name or column.name)


def _limited(statement: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
    return statement.limit(bindparam("limit")).offset(_ZERO)


# -- entities --------------------------------------------------------------------------------------------------------
_named = and_(_is(entity.c.account), _is(entity.c.kind), _is(entity.c.owner), _is(entity.c.name_key))
_with_id = and_(_is(entity.c.id), _is(entity.c.kind))
ENTITY_BY_NAME = _text(select(entity.c.doc).where(_named))
ENTITY_BY_ID = _text(select(entity.c.doc).where(_with_id))
ENTITIES_OWNED = _text(
    select(entity.c.doc)
    .where(_is(entity.c.owner), entity.c.owner != _EMPTY, _is(entity.c.kind))
    .order_by(entity.c.name_key, entity.c.account)
)
ENTITY_NAMED = _text(select(entity.c.id).where(_named))
ENTITY_IS = _text(select(entity.c.version, entity.c.account, entity.c.doc).where(_with_id))
ENTITY_SHARES_ID = _text(select(entity.c.kind).where(_is(entity.c.id), entity.c.kind != bindparam("kind")))
ADD_ENTITY = _text(insert(entity))
PUT_ENTITY = _text(
    update(entity)
    .where(_with_id, entity.c.version == bindparam("from_version"))
    .values({name: bindparam(name) for name in ("owner", "name", "name_key", "path", "version", "doc")})
)
REMOVE_ENTITY = _text(delete(entity).where(_with_id))

_of_kind = and_(_is(entity.c.account), _is(entity.c.kind))
_of_owner = and_(_of_kind, _is(entity.c.owner))
_under_path = func.substr(entity.c.path, _ONE, func.length(bindparam("path_prefix"))) == bindparam("path_prefix")
_listed = select(entity.c.doc).where(_under_path)
_place = (entity.c.name_key, entity.c.owner)
_behind = tuple_(*_place) > tuple_(bindparam("after_name"), bindparam("after_owner"))

#: (one owner, from the start) -> the page's statement
PAGES = {
    (True, True): _text(_limited(_listed.where(_of_owner).order_by(entity.c.name_key))),
    (True, False): _text(
        _limited(_listed.where(_of_owner, entity.c.name_key > bindparam("after_name")).order_by(entity.c.name_key))
    ),
    (False, True): _text(_limited(_listed.where(_of_kind).order_by(*_place))),
    (False, False): _text(_limited(_listed.where(_of_kind, _behind).order_by(*_place))),
}
#: one owner -> the count's statement
COUNTS = {
    True: _text(select(func.count()).select_from(entity).where(_of_owner)),
    False: _text(select(func.count()).select_from(entity).where(_of_kind)),
}

# -- links -----------------------------------------------------------------------------------------------------------
_linked = and_(_is(link.c.source), _is(link.c.relation), _is(link.c.target))
LINK = _text(select(link.c.account).where(_linked))
LINK_TARGETS = _text(select(link.c.target).where(_is(link.c.source), _is(link.c.relation)).order_by(link.c.position))
LINK_SOURCES = _text(
    select(link.c.source).where(_is(link.c.target), _is(link.c.relation), _is(link.c.account)).order_by(link.c.position)
)
LINKS_OF = _text(
    select(link.c.relation, link.c.account, link.c.source, link.c.target)
    .where(or_(link.c.source == bindparam("id"), link.c.target == bindparam("id")))
    .order_by(link.c.position)
)
ADD_LINK = _text(insert(link))
REMOVE_LINK = _text(delete(link).where(_linked))

# -- secrets and the keys that seal them -----------------------------------------------------------------------------
_secret_of = and_(_is(secret.c.id), _is(secret.c.kind))
SECRETS = _text(
    select(secret.c.column, secret.c.account, secret.c.version, secret.c.data_key, secret.c.sealed).where(_secret_of)
)
SECRET_VERSION = _text(select(secret.c.version).where(_secret_of, _is(secret.c.column, "column_name")))
ADD_SECRET = _text(insert(secret))
PUT_SECRET = _text(
    update(secret)
    .where(_secret_of, _is(secret.c.column, "column_name"))
    .values({name: bindparam(name) for name in ("account", "version", "data_key", "sealed")})
)
REMOVE_SECRET = _text(delete(secret).where(_secret_of, _is(secret.c.column, "column_name")))
REMOVE_SECRETS = _text(delete(secret).where(_secret_of))
DATA_KEYS = _text(
    select(
        data_key.c.id,
        data_key.c.purpose,
        data_key.c.created,
        data_key.c.uses,
        data_key.c.master_key,
        data_key.c.wrapped,
    ).order_by(data_key.c.created, data_key.c.id)
)
NEWEST_DATA_KEY = _text(
    select(data_key.c.id)
    .where(_is(data_key.c.purpose))
    .order_by(data_key.c.created.desc(), data_key.c.id.desc())
    .limit(_ONE)
    .offset(_ZERO)
)
ADD_DATA_KEY = _text(insert(data_key))
USE_DATA_KEY = _text(
    update(data_key).where(data_key.c.id == bindparam("key")).values(uses=data_key.c.uses + bindparam("count"))
)

REWRAP_DATA_KEY = _text(
    update(data_key)
    .where(data_key.c.id == bindparam("key"))
    .values(master_key=bindparam("fingerprint"), wrapped=bindparam("wrapping"))
)
SEALED_UNDER_OLD = _text(
    _limited(
        select(
            secret.c.id,
            secret.c.kind,
            secret.c.column,
            secret.c.account,
            secret.c.version,
            secret.c.data_key,
            secret.c.sealed,
        ).where(secret.c.data_key != bindparam("newest"))
    )
)
EVERY_SEALED = _text(
    select(
        secret.c.id,
        secret.c.kind,
        secret.c.column,
        secret.c.account,
        secret.c.version,
        secret.c.data_key,
        secret.c.sealed,
    )
)
DROP_IDLE_DATA_KEYS = _text(
    delete(data_key).where(
        _is(data_key.c.purpose),
        data_key.c.id != bindparam("newest"),
        data_key.c.id.not_in(select(secret.c.data_key).distinct()),
    )
)

# -- the log ---------------------------------------------------------------------------------------------------------
HEAD = _text(select(func.max(change.c.position)))
ADD_CHANGE = _text(insert(change))
_line = (
    change.c.position,
    change.c.account,
    change.c.at,
    change.c.author,
    change.c.request_id,
    change.c.operation,
    change.c.verb,
    change.c.kind,
    change.c.key,
    change.c.before,
    change.c.after,
)
_after = change.c.position > bindparam("after")
CHANGES = _text(_limited(select(*_line).where(_is(change.c.account), _after).order_by(change.c.position)))
EVERY_CHANGE = _text(
    _limited(
        select(
            change.c.position,
            change.c.verb,
            change.c.kind,
            change.c.account,
            change.c.key,
            change.c.before,
            change.c.after,
        )
        .where(_after)
        .order_by(change.c.position)
    )
)
GENERATION = _text(select(generation.c.position).where(_is(generation.c.account)))
PUT_GENERATION = _text(
    update(generation).where(generation.c.account == bindparam("of")).values(position=bindparam("position"))
)
ADD_GENERATION = _text(insert(generation))

MARK = _text(select(mark.c.mode))
REVISION = _text(select(revision.c.version_num))
ADD_REVISION = _text(insert(revision))
ADD_MARK = _text(insert(mark))

# -- a look from outside -----------------------------------------------------------------------------------------------
ACCOUNTS = _text(select(generation.c.account, generation.c.position).order_by(generation.c.account))
COUNT_BY_KIND = _text(select(entity.c.kind, func.count()).group_by(entity.c.kind).order_by(entity.c.kind))
SEALED_BY_KEY = _text(select(secret.c.data_key, func.count()).group_by(secret.c.data_key).order_by(secret.c.data_key))
TOKEN_KEYS = _text(select(entity.c.doc).where(entity.c.kind == literal_column("'token-key'")))
LAST_CHANGE = _text(select(change.c.at).order_by(change.c.position.desc()).limit(_ONE).offset(_ZERO))
JOURNAL_MODE = "PRAGMA journal_mode"
