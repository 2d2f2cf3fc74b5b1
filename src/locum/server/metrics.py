"""What is counted of a running server, in the text format of Prometheus (version 0.0.4).

Law: labels are bounded: operations of AWS's models, outcomes of a record, nothing that a client can choose. Counting
costs a look-up and an addition; whatever must be asked of the store is asked when somebody reads the page. No value is
a secret. Each worker counts for itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from threading import Lock

#: upper bounds of the latency histogram, in seconds
BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: outcomes that are decisions of the policies
DENIALS = frozenset({"explicitDeny", "implicitDeny"})

Labels = tuple[tuple[str, str], ...]
Sample = tuple[Labels, float]


class Metrics:
    """The counters of one process."""

    __slots__ = ("_counts", "_lock", "_seconds", "_times")

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[tuple[str, str], int] = {}
        self._times: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}

    def answered(self, operation: str, outcome: str, seconds: float) -> None:
        """Counts an answer: to which operation (empty where none was found), how it ended, and how long it took."""
        key = (operation, outcome)
        bucket = bisect_left(BOUNDS, seconds)
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + 1
            times = self._times.get(operation)
            if times is None:
                times = self._times[operation] = [0] * (len(BOUNDS) + 1)
            times[bucket] += 1
            self._seconds[operation] = self._seconds.get(operation, 0.0) + seconds

    def render(self, gauges: Iterable[Gauge] = ()) -> bytes:
        """The page: the counters, and values that were asked for it."""
        with self._lock:
            counts = sorted(self._counts.items())
            times = {operation: tuple(buckets) for operation, buckets in sorted(self._times.items())}
            seconds = dict(self._seconds)
        denials: dict[tuple[str, str], int] = {key: count for key, count in counts if key[1] in DENIALS}
        families = [
            Gauge("locum_requests_total", "Answers by operation and outcome.", _counted(dict(counts)), "counter"),
            Gauge("locum_denials_total", "Denials by operation and kind.", _counted(denials), "counter"),
            *gauges,
        ]
        lines = [line for family in families for line in family.lines()]
        return "\n".join([*lines, *_histogram(times, seconds), ""]).encode()


class Gauge:
    """One named value, or one for each of its labels."""

    __slots__ = ("_kind", "_meaning", "_name", "_samples")

    def __init__(self, name: str, meaning: str, samples: Iterable[Sample] | float, kind: str = "gauge") -> None:
        self._name = name
        self._meaning = meaning
        self._samples = (((), samples),) if isinstance(samples, int | float) else tuple(samples)
        self._kind = kind

    def lines(self) -> list[str]:
        """Its lines on the page."""
        head = [f"# HELP {self._name} {self._meaning}", f"# TYPE {self._name} {self._kind}"]
        return head + [f"{self._name}{_labels(labels)} {_number(value)}" for labels, value in self._samples]


def _counted(counts: Mapping[tuple[str, str], int]) -> list[Sample]:
    return [((("operation", operation), ("outcome", outcome)), count) for (operation, outcome), count in counts.items()]


def _histogram(times: Mapping[str, tuple[int, ...]], seconds: Mapping[str, float]) -> list[str]:
    name = "locum_request_seconds"
    lines = [f"# HELP {name} Time from the request to its answer, by operation.", f"# TYPE {name} histogram"]
    for operation, buckets in times.items():
        total = 0
        for bound, count in zip([*map(_number, BOUNDS), "+Inf"], buckets, strict=True):
            total += count
            lines.append(f"{name}_bucket{_labels((('operation', operation), ('le', bound)))} {total}")
        labels = _labels((("operation", operation),))
        lines.append(f"{name}_sum{labels} {_number(seconds[operation])}")
        lines.append(f"{name}_count{labels} {total}")
    return lines


def _labels(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}" if labels else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(value).removesuffix(".0")
