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
    keys.learn(selects.data_keys())
    for purpose in (VALUES, MARKERS):
        if keys.worn(purpose):
            connection.execute(ADD_DATA_KEY, keys.fresh(purpose).columns())
            keys.learn(selects.data_keys())
