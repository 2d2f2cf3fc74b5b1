"""A real SAML identity provider (SimpleSAMLphp) vouches for somebody: boto3 exchanges its signed response."""

from __future__ import annotations

import html
import http.cookiejar
import re
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.clients import boto
from tests.journeys.documents import policy
from tests.journeys.served import PATIENCE, Served
from tests.saml import signer

ACCOUNT = "111111111111"
ROLE, PROVIDER = f"arn:aws:iam::{ACCOUNT}:role/sso", f"arn:aws:iam::{ACCOUNT}:saml-provider/Corp"
PACKAGE = Path("/usr/share/simplesamlphp")
SERVICE, SIGN_IN = "urn:amazon:webservices", "https://signin.aws.amazon.com/saml"

CONFIG = """<?php
$config = [
    'baseurlpath' => 'http://127.0.0.1:{port}/', 'certdir' => '{folder}/cert/', 'loggingdir' => '{folder}/log/',
    'datadir' => '{folder}/data/', 'tempdir' => '{folder}/tmp', 'cachedir' => '{folder}/tmp',
    'metadatadir' => '{folder}/metadata/', 'technicalcontact_email' => 'a@example.com', 'timezone' => 'UTC',
    'secretsalt' => 'a salt of this test', 'auth.adminpassword' => 'a password of this test',
    'logging.handler' => 'errorlog', 'logging.level' => 4, 'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'session.cookie.secure' => false, 'store.type' => 'phpsession', 'session.phpsession.cookiename' => 'SimpleSAML',
    'metadata.sources' => [['type' => 'flatfile']], 'language.default' => 'en', 'theme.use' => 'default',
];
"""
SOURCES = """<?php
$config = ['example' => ['exampleauth:UserPass', 'ann:secret' => ['uid' => ['ann'],
    'https://aws.amazon.com/SAML/Attributes/Role' => ['{role},{provider}'],
    'https://aws.amazon.com/SAML/Attributes/RoleSessionName' => ['ann@example.com'],
    'https://aws.amazon.com/SAML/Attributes/SessionDuration' => ['1800'],
]]];
"""
HOSTED = """<?php
$metadata['http://127.0.0.1:{port}/idp'] = ['host' => '__DEFAULT__', 'privatekey' => 'idp.key',
    'certificate' => 'idp.crt', 'auth' => 'example', 'userid.attribute' => 'uid',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'];
"""
REMOTE = """<?php
$metadata['{service}'] = ['AssertionConsumerService' => '{sign_in}', 'saml20.sign.response' => true,
    'saml20.sign.assertion' => true, 'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent', 'simplesaml.nameidattribute' => 'uid'];
"""


class Provider:
    """The identity provider on a free port, and a person with a browser that keeps cookies."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        names = {"port": str(self.port), "folder": str(folder), "role": ROLE, "provider": PROVIDER}
        names |= {"service": SERVICE, "sign_in": SIGN_IN}
        files = {"config.php": CONFIG, "authsources.php": SOURCES, "metadata/saml20-idp-hosted.php": HOSTED}
        for name in ("cert", "log", "data", "tmp", "metadata"):
            (folder / name).mkdir()
        for name, text in (files | {"metadata/saml20-sp-remote.php": REMOTE}).items():
            for word, value in names.items():
                text = text.replace("{" + word + "}", value)
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "cert" / "idp.key").write_bytes(signer("simplesamlphp").key)
        (folder / "cert" / "idp.crt").write_bytes(signer("simplesamlphp").certificate)
        self.log = (folder / "php.log").open("w+")
        self.process = subprocess.Popen(
            ["php", "-S", f"127.0.0.1:{self.port}", "-t", str(PACKAGE / "www")],
            env={"SIMPLESAMLPHP_CONFIG_DIR": str(folder), "PATH": "/usr/bin:/bin"},
            stdout=self.log,
            stderr=self.log,
        )
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def page(self, url: str, **form: str) -> tuple[str, str]:
        """The address and the text of a page, once the server is up."""
        data = urllib.parse.urlencode(form).encode() if form else None
        with self._browser.open(url, data, timeout=PATIENCE) as answer:
            return answer.geturl(), answer.read().decode()

    def ready(self) -> bool:
        """Whether it answers, tried until it does or its process has ended."""
        while self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                continue
            return True
        return False

    def metadata(self) -> str:
        return self.page(f"http://127.0.0.1:{self.port}/saml2/idp/metadata.php")[1]

    def response(self) -> str:
        """What the browser would post to the sign-in page after `ann` has signed in."""
        start = f"http://127.0.0.1:{self.port}/saml2/idp/SSOService.php?spentityid={SERVICE}"
        address, text = self.page(start)
        if 'name="SAMLResponse"' not in text:
            state = re.search(r'name="AuthState" value="([^"]+)"', text, re.ASCII)
            assert state is not None, text[:2000]
            form = {"AuthState": html.unescape(state[1]), "username": "ann", "password": "secret"}
            address, text = self.page(address.partition("?")[0], **form)
        found = re.search(r'name="SAMLResponse" value="([^"]+)"', text, re.ASCII)
        assert found is not None, text[:2000]
        return html.unescape(found[1])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    if shutil.which("php") is None or not (PACKAGE / "www").is_dir():
        pytest.skip("SimpleSAMLphp is not here: on Debian, apt-get install simplesamlphp php-cli php-xml php-mbstring")
    made = Provider(tmp_path_factory.mktemp("simplesamlphp"))
    try:
        assert made.ready()
        yield made
    finally:
        made.stop()


@pytest.fixture
def trusting(locum: Served, provider: Provider) -> Any:
    """A server with the provider registered and a role that trusts it."""
    iam = boto("iam", locum.url)
    assert (
        iam.create_saml_provider(Name="Corp", SAMLMetadataDocument=provider.metadata())["SAMLProviderArn"] == PROVIDER
    )
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithSAML",
        "Condition": {"StringEquals": {"saml:aud": SIGN_IN, "saml:sub": "ann"}},
    }
    iam.create_role(RoleName="sso", AssumeRolePolicyDocument=policy(trust))
    return boto("sts", locum.url)


def test_a_signed_response_becomes_a_session_once(trusting: Any, provider: Provider) -> None:
    given = {"RoleArn": ROLE, "PrincipalArn": PROVIDER, "SAMLAssertion": provider.response()}
    answer = trusting.assume_role_with_saml(**given)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/sso/ann@example.com"
    assert (answer["Subject"], answer["SubjectType"], answer["Audience"]) == ("ann", "persistent", SIGN_IN)
    with pytest.raises(trusting.exceptions.InvalidIdentityTokenException, match="used before"):
        trusting.assume_role_with_saml(**given)


def test_another_role_is_denied(trusting: Any, provider: Provider) -> None:
    given = {"RoleArn": ROLE + "2", "PrincipalArn": PROVIDER, "SAMLAssertion": provider.response()}
    with pytest.raises(trusting.exceptions.ClientError, match="Not authorized to perform sts:AssumeRoleWithSAML"):
        trusting.assume_role_with_saml(**given)
