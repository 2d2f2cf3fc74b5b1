"""What is asked for the page of metrics at the moment it is read: the trail, the store, the token keys.

Law: reads, and says no secret: of keys their number, state and age. A store that cannot be read is a value as well.
"""

from __future__ import annotations

from datetime import datetime

from locum.server.house import House
from locum.server.metrics import Gauge, Sample
from locum.store import token_keys
from locum.store.engine import SqlStore
from locum.store.errors import StoreError


def gauges(house: House) -> list[Gauge]:
    """Every value of this moment."""
    trail, store = house.trail, house.store
    failure = store.failure if isinstance(store, SqlStore) else None
    found = [
        Gauge("locum_audit_behind_seconds", "Age of the oldest record that is not written yet.", trail.behind),
        Gauge("locum_audit_waiting_octets", "Size of the records that are not written yet.", trail.waiting),
        Gauge("locum_audit_lost_total", "Records that found no room or no disk.", trail.lost, "counter"),
        Gauge("locum_audit_failed", "1 when the audit trail cannot be written.", 1 if trail.failure else 0),
        Gauge("locum_store_failed", "1 when the store only reads.", 1 if failure else 0),
    ]
    if isinstance(store, SqlStore):
        if store.faults is not None:
            found.append(
                Gauge("locum_store_damaged", "1 when the store was read and is not sound.", 1 if store.faults else 0)
            )
        found.append(Gauge("locum_store_generation", "Position of the newest change known here.", store.position))
    try:
        ages = _ages(house, house.clocks.moment().wire_now)
    except StoreError:
        ages = []
    return [*found, Gauge("locum_token_key_age_seconds", "Age of each token key that is not destroyed.", ages)]


def _ages(house: House, now: datetime) -> list[Sample]:
    keys = house.store.read(token_keys.every)
    return [
        ((("number", str(key.number)), ("state", key.state)), (now - key.created).total_seconds())
        for key in keys
        if key.state != token_keys.DESTROYED
    ]
