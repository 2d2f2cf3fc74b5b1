"""Verifying the signature of an AssumeRole call, beside what signing it costs a client.

Law: the request is as boto3 sends it. With the day key remembered, a server has seen this key id today; without, it
derives the key first.
"""

from __future__ import annotations

from datetime import UTC, datetime

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from benchmarks import signed
from benchmarks.stopwatch import each
from benchmarks.table import Row, Table
from locum.http import Request
from locum.sigv4 import DayKeys, carrier, verify

QUESTION = "one AssumeRole request as boto3 sends it"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105  AWS's example
KEY = signed.Key("AKIAIOSFODNN7EXAMPLE", SECRET)


def run() -> Table:
    """Ours with and without the day key; botocore's signer."""
    now = datetime.now(UTC)
    body = signed.form("sts:AssumeRole", RoleArn="arn:aws:iam::111122223333:role/worker", RoleSessionName="one")
    request = signed.request("sts", body, KEY, host="127.0.0.1:5628", now=now)
    remembered = DayKeys()

    def check(day_keys: DayKeys | None) -> object:
        carried = carrier(request)
        assert carried is not None
        return verify(request, carried, SECRET, now=now, service="sts", regions=None, day_keys=day_keys)

    rows = (
        Row("Locum, day key remembered", each(lambda: check(remembered)), "µs", "carrier and verify"),
        Row("Locum, day key derived", each(lambda: check(None)), "µs", "carrier and verify"),
        Row("botocore, signing", each(lambda: _botocore(request)), "µs", "SigV4Auth.add_auth alone"),
    )
    return Table("verify", QUESTION, rows)


def _botocore(request: Request) -> None:
    headers = {name: value for name, value in request.headers if name in ("host", "content-type", "user-agent")}
    plain = botocore.awsrequest.AWSRequest("POST", "http://127.0.0.1:5628/", headers=headers, data=request.body)
    credentials = botocore.credentials.Credentials(KEY.id, SECRET)
    botocore.auth.SigV4Auth(credentials, "sts", "us-east-1").add_auth(plain)
