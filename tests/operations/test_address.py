"""Which settings let a second machine in, and which do not start at all."""

from datetime import UTC, datetime

import pytest

from kapteam.errors import Invalid
from kapteam.operations.address import address_of
from kapteam.settings import Settings
from tests.certificates import make_certificate

_URL = "https://kapteam.example:8443"


def _by(certificate, url=_URL):
    return Settings(public_url=url, certificate=certificate.file, certificate_key=certificate.key)


def _refused(told):
    with pytest.raises(Invalid) as refused:
        address_of(told)
    return str(refused.value)


def test_without_a_setting_this_machine_only():
    here = address_of(Settings())
    assert not here.is_public
    assert here.origin(8502) == "http://127.0.0.1:8502"
    assert "--server.address=127.0.0.1" in here.flags(8502)
    assert "--server.port=8502" in here.flags(8502)


def test_a_setting_that_is_empty_is_none(monkeypatch):
    for name in ("PUBLIC_URL", "CERTIFICATE", "CERTIFICATE_KEY"):
        monkeypatch.setenv(f"KAPTEAM_{name}", "")
    assert address_of(Settings()) == address_of(Settings(public_url=None))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://kapteam.example", "kapteam.example"),
        ("https://kapteam.example/", "kapteam.example"),
        ("https://kapteam.example:443", "kapteam.example"),
        ("HTTPS://Kapteam.Example:8443", "kapteam.example:8443"),
        ("https://192.168.1.10:8443", "192.168.1.10:8443"),
    ],
)
def test_behind_a_proxy_it_has_the_name_and_listens_on_this_machine_only(url, host):
    address = address_of(Settings(public_url=url))
    assert address.origin(8501) == f"https://{host}"
    assert address.options["server.address"] == "127.0.0.1"
    assert address.options["server.sslCertFile"] is None
    assert "--server.port=8501" in address.flags(8501)


@pytest.mark.parametrize(
    "url",
    [
        "http://kapteam.example",
        "kapteam.example",
        "https://",
        "https://kapteam.example/practice",
        "https://kapteam.example?a=b",
        "https://kapteam.example#a",
        "https://dana@kapteam.example",
        "https://kapteam.example:",
        "https://kapteam.example:0",
        "https://kapteam.example:65536",
        "https://kapteam.example:8443:8443",
        "https://[::1]:8443",
        "https://kapteam .example",
        "https://*.example",
        "https://.example",
        "https://kapteam.example\n",
    ],
)
def test_what_is_no_public_address_is_refused(url):
    assert "has to be https://, a name" in _refused(Settings(public_url=url))


def test_with_a_certificate_it_does_tls_on_the_port_of_the_address(certificate):
    address = address_of(_by(certificate))
    assert address.options["server.address"] == "0.0.0.0"
    assert address.options["server.allowedHosts"] == ["kapteam.example"]
    assert f"--server.sslKeyFile={certificate.key}" in address.flags(8501)
    assert "--server.port=8443" in address.flags(8501)
    assert "--server.port=8501" not in address.flags(8501)
    assert address.certificate_ends > datetime(2026, 11, 24, tzinfo=UTC)


def test_a_certificate_and_its_key_go_together_and_with_an_address(certificate):
    file, key = certificate.file, certificate.key
    assert "Set KAPTEAM_CERTIFICATE_KEY as well" in _refused(
        Settings(public_url=_URL, certificate=file)
    )
    assert "Set KAPTEAM_CERTIFICATE as well" in _refused(
        Settings(public_url=_URL, certificate_key=key)
    )
    for told in (Settings(certificate=file), Settings(certificate_key=key)):
        assert "Set KAPTEAM_PUBLIC_URL, or take" in _refused(told)


def test_a_file_that_is_not_there_is_said(certificate, tmp_path):
    told = Settings(public_url=_URL, certificate=tmp_path, certificate_key=tmp_path / "no.key")
    assert "cannot be read (" in _refused(told)
    gone = Settings(
        public_url=_URL, certificate=certificate.file, certificate_key=tmp_path / "no.key"
    )
    assert "cannot be read (No such file or directory)" in _refused(gone)


def test_files_that_are_no_certificate_and_its_own_key_are_said(certificate, tmp_path):
    other = make_certificate(tmp_path)
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("nothing")
    for file, key in (
        (certificate.file, other.key),
        (certificate.key, certificate.file),
        (nothing, certificate.key),
        (certificate.file, nothing),
    ):
        told = Settings(public_url=_URL, certificate=file, certificate_key=key)
        assert "PEM files of a certificate and of its own key" in _refused(told)


@pytest.mark.parametrize("url", ["https://other.example:8443", "https://192.168.1.10:8443"])
def test_a_certificate_of_another_name_is_said(certificate, url):
    assert "Browsers refuse this certificate for" in _refused(_by(certificate, url))


def test_a_certificate_that_has_ended_is_said(tmp_path):
    certificate = make_certificate(tmp_path)
    certificate.expire()
    assert "(certificate has expired)" in _refused(_by(certificate))
