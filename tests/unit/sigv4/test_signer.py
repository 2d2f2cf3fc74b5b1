"""Our own signing, and that of botocore, which shares no code with ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote, urlsplit

import msgspec
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.unit.sigv4 import signed as s

from locum import sigv4
from locum.http import Request


def now() -> datetime:
    """botocore reads the real clock itself; these tests read it as well."""
    return datetime.now(UTC)


def by_botocore(auth: SigV4Auth, method: str, url: str, body: bytes = b"", **headers: str) -> Request:
    """A request that botocore signed, as it would arrive."""
    request = AWSRequest(
        method=method, url=url, data=body, headers={n.replace("_", "-"): v for n, v in headers.items()}
    )
    auth.add_auth(request)
    sent = request.prepare()
    target = urlsplit(sent.url)
    arrived = tuple((n.lower(), v if isinstance(v, str) else v.decode("latin-1")) for n, v in sent.headers.items())
    if "host" not in dict(arrived):
        arrived = (("host", target.netloc), *arrived)
    return Request(method, target.path or "/", target.query, arrived, body)


def credentials(temporary: bool) -> Credentials:
    if temporary:
        return Credentials(s.TEMPORARY_ID, s.TEMPORARY_SECRET, s.TOKEN)
    return Credentials(s.KEY_ID, s.SECRET)


@pytest.mark.parametrize("temporary", [False, True], ids=["long-term", "temporary"])
@pytest.mark.parametrize(
    ("service", "host"), [("iam", "iam.amazonaws.com"), ("sts", "127.0.0.1:4566"), ("sso", "[::1]:4566")]
)
def test_a_form_that_botocore_signs_is_verified(service: str, host: str, temporary: bool) -> None:
    auth = SigV4Auth(credentials(temporary), service, "eu-central-1")
    request = by_botocore(
        auth,
        "POST",
        f"http://{host}/",
        s.BODY,
        Content_Type="application/x-www-form-urlencoded; charset=utf-8",
        User_Agent="Boto3/1.44",
        X_Amz_Target="Any.Thing",
    )
    assert s.verified(request, now=now(), service=service)


@pytest.mark.parametrize("temporary", [False, True], ids=["long-term", "temporary"])
def test_a_question_that_botocore_presigns_is_verified(temporary: bool) -> None:
    auth = SigV4QueryAuth(credentials(temporary), "sts", "us-east-1", expires=60)
    url = "https://sts.example/?Action=GetCallerIdentity&Version=2011-06-15"
    assert s.verified(by_botocore(auth, "GET", url, x_k8s_aws_id="cluster one"), now=now())


PATHS = ("/", "/a%20b/c", "/a/../b", "//x//", "/users/%E1%88%B4", "/a:b@c", "/p%2Fq", "/~u/-._")


def with_path(path: str) -> Request:
    """A question that botocore signed, at that path."""
    return by_botocore(SigV4Auth(credentials(False), "sts", "us-east-1"), "GET", f"http://h{path}?b=1&a=x%2By&c")


def paths_refused(**how: object) -> list[str]:
    """The paths at which a request that botocore signed is refused."""
    return [path for path in PATHS if not s.accepts(with_path(path), now=now(), **how)]


def test_paths_that_botocore_signs_are_verified() -> None:
    assert paths_refused() == []


def test_control_a_path_that_is_encoded_once_is_found() -> None:
    once = sigv4.Reading(path=lambda path: quote(unquote(sigv4.STANDARD.path(unquote(path))), safe="/~"))
    assert paths_refused(reading=once) == ["/a%20b/c", "/users/%E1%88%B4", "/p%2Fq"]


def test_control_a_path_that_is_not_normalised_is_found() -> None:
    as_sent = sigv4.Reading(path=lambda path: quote(path, safe="/~"))
    assert paths_refused(reading=as_sent) == ["/a/../b", "//x//"]


def test_control_a_server_whose_clock_is_sixteen_minutes_ahead_is_found() -> None:
    """The check of every journey, that what an unmodified client signs is taken, with the fault in the server."""
    ahead = timedelta(minutes=16)
    request = with_path("/")
    assert s.accepts(request, now=now())
    for window in (sigv4.HEADER_WINDOW, timedelta(minutes=15)):
        assert not s.accepts(request, now=now() + ahead, window=window)
        assert not s.accepts(request, now=now() - ahead, window=window)


@pytest.mark.parametrize("path", ["/bucket/a%20b", "/bucket//x/../y", "/bucket/%E1%88%B4%2Fz"])
def test_paths_that_botocore_signs_for_s3_are_taken_literally(path: str) -> None:
    request = by_botocore(S3SigV4Auth(credentials(False), "s3", "us-east-1"), "PUT", f"http://h{path}", b"content")
    if request.header("x-amz-content-sha256") == "UNSIGNED-PAYLOAD":
        pytest.fail("botocore left the body out of the signature; the test needs a signed one")
    assert s.verified(request, now=now(), service="s3", reading=sigv4.LITERAL)


@pytest.mark.parametrize("signer", [s.SIGNER, s.TEMPORARY_SIGNER], ids=["long-term", "temporary"])
def test_what_we_sign_we_verify_in_both_forms(signer: sigv4.Signer) -> None:
    assert s.accepts(s.signed(s.post(("x-amz-meta-a", " b   c ")), signer))
    assert s.accepts(s.presigned(s.get(("a", "1")), signer))


@pytest.mark.parametrize("path", ["/a%20b", "/a/../b", "/\xe1\x88\xb4"])
def test_we_sign_paths_of_both_kinds(path: str) -> None:
    for reading in (sigv4.STANDARD, sigv4.LITERAL):
        request = sigv4.sign(s.post(path=path), s.SIGNER, now=s.NOW, reading=reading)
        assert s.verified(request, reading=reading)


def test_signing_again_leaves_one_signature() -> None:
    once = s.signed(s.get(query="z=1"), s.TEMPORARY_SIGNER)
    assert s.signed(once, s.SIGNER) == s.signed(s.get(query="z=1"))
    twice = s.presigned(s.presigned(s.get(), s.TEMPORARY_SIGNER))
    assert twice.query == s.presigned(s.get()).query
    assert s.accepts(s.presigned(once))


def test_the_request_that_is_signed_does_not_change() -> None:
    request = s.post()
    before = msgspec.structs.replace(request)
    s.signed(request)
    assert request == before


def test_the_signer_shows_no_secret() -> None:
    assert s.SECRET not in repr(s.SIGNER)
    assert s.SECRET not in f"{s.SIGNER}"
