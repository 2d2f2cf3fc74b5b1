"""How data keys are kept: read from their rows, and followed by new ones when they are worn (rule K3).

Law: only inside a transaction that holds the store for writing, and outside of any step's savepoint, so that nothing is
ever sealed under a key whose row may be rolled back.
"""

from __future__ import annotations

from locum.store.secrets import MARKERS, VALUES, DataKeys
from locum.store.selects import Connection, Selects
from locum.store.statements import ADD_DATA_KEY


def renew(keys: DataKeys, connection: Connection) -> None:
    """Learns the data keys that there are, and adds one for each purpose that has none or a worn one.

    Raises SealedError, and adds nothing, when the master key does not open them.
    """
    selects = Selects(connection)
    rows = selects.data_keys()
    keys.learn(rows)
    for purpose in (VALUES, MARKERS):
        if keys.worn(purpose) and keys.wraps(rows):
            connection.execute(ADD_DATA_KEY, keys.fresh(purpose).columns())
            keys.learn(selects.data_keys())


def follow(keys: DataKeys, connection: Connection) -> None:
    """Lets what is sealed next be sealed under the newest data key, whichever process made it, and under a fresh one
    where that is worn. A key that was replaced may be gone (rule K6), so this is asked in every transaction."""
    newest = Selects(connection).newest_data_key(VALUES)
    if not keys.follows(newest) or keys.worn(VALUES):
        renew(keys, connection)
