"""Where browsers find kapteam: on this machine alone, or by one name that other machines know.

What lets a second machine in follows from `KAPTEAM_PUBLIC_URL` here, and from nothing else: the
name and the origin that the gate answers to, the scheme (so Secure cookies and HSTS), and what
Streamlit listens on. No header that a proxy adds is believed.
"""

import re
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kapteam.errors import Invalid
from kapteam.settings import Settings

_HERE = ("127.0.0.1", "localhost")
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - over TLS only, and to one name only
_USUAL_PORT = 443
_PUBLIC_URL = re.compile(r"https://([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::(\d{1,5}))?/?")
_FLIGHTS = 3


@dataclass(frozen=True, slots=True)
class Address:
    """`host` is the Host header of other machines' requests; empty when only this one may ask.

    `options` are those of Streamlit that follow; `certificate_ends` is the last moment of the
    certificate that kapteam itself serves, if any.
    """

    host: str
    options: Mapping[str, Any]
    certificate_ends: datetime | None = None

    @property
    def is_public(self) -> bool:
        """Whether other machines may ask."""
        return self.host != ""

    @property
    def scheme(self) -> str:
        """How browsers ask."""
        return "https" if self.is_public else "http"

    def is_named(self, host: str) -> bool:
        """Whether a request with this Host header is meant for us."""
        if self.is_public:
            return host.lower() == self.host
        name, _, port = host.partition(":")
        return name.lower() in _HERE and (port.isdigit() or port == "")

    def origin(self, port: int) -> str:
        """What a browser is pointed to; `port` is where kapteam listens on this machine."""
        return f"{self.scheme}://{self.host or f'{_HERE[0]}:{port}'}"

    def flags(self, port: int) -> list[str]:
        """The options as `streamlit run` takes them; `port` where the address leaves it open."""
        return [
            f"--{option}={one}"
            for option, value in {"server.port": port, **self.options}.items()
            if value is not None
            for one in (value if isinstance(value, list) else [value])
        ]


def address_of(told: Settings) -> Address:
    """The address that the settings give. Raises Invalid, by variable, when they give none."""
    files = {
        "KAPTEAM_CERTIFICATE": told.certificate,
        "KAPTEAM_CERTIFICATE_KEY": told.certificate_key,
    }
    given = [file for file in files.values() if file is not None]
    if told.public_url is None:
        if given:
            raise Invalid(
                {
                    "KAPTEAM_PUBLIC_URL": "There is a certificate, but no address to serve by it. "
                    "Set KAPTEAM_PUBLIC_URL, or take KAPTEAM_CERTIFICATE and "
                    "KAPTEAM_CERTIFICATE_KEY away."
                }
            )
        return Address("", _options(_HERE[0], _HERE))
    name, port = _name_and_port(told.public_url)
    host = name if port == _USUAL_PORT else f"{name}:{port}"
    if not given:
        return Address(host, _options(_HERE[0], [name]))
    missing = {
        variable: f"Set {variable} as well: a certificate and its key go together."
        for variable, file in files.items()
        if file is None
    }
    if missing:
        raise Invalid(missing)
    certificate, key = given
    ends = _end_of(certificate, key, name)
    options = _options(_EVERYWHERE, [name], str(certificate), str(key))
    return Address(host, {**options, "server.port": port}, ends)


def _options(
    address: str, names: Sequence[str], certificate: str | None = None, key: str | None = None
) -> dict[str, Any]:
    return {
        "server.address": address,
        "server.allowedHosts": list(names),
        "server.sslCertFile": certificate,
        "server.sslKeyFile": key,
        # Streamlit would say where it thinks it is, for which it asks a server elsewhere.
        "logger.hideWelcomeMessage": True,
    }


def _name_and_port(url: str) -> tuple[str, int]:
    found = _PUBLIC_URL.fullmatch(url.lower())
    port = int(found[2] or _USUAL_PORT) if found else 0
    if found is None or not 0 < port < 2**16:
        raise Invalid(
            {
                "KAPTEAM_PUBLIC_URL": "KAPTEAM_PUBLIC_URL has to be https://, a name, perhaps a "
                "port, and nothing else, as in https://kapteam.internal:8443."
            }
        )
    return found[1], port


def _end_of(certificate: Path, key: Path, name: str) -> datetime:
    """When the certificate ends. Raises Invalid when no browser would accept it for `name`."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        serving.load_cert_chain(certificate, key, password=lambda: "")
    except ssl.SSLError as error:
        raise Invalid(
            {
                "KAPTEAM_CERTIFICATE_KEY": "KAPTEAM_CERTIFICATE and KAPTEAM_CERTIFICATE_KEY have "
                "to be PEM files of a certificate and of its own key, without a password."
            }
        ) from error
    except OSError as error:
        raise Invalid(
            {
                "KAPTEAM_CERTIFICATE": "The file of KAPTEAM_CERTIFICATE or KAPTEAM_CERTIFICATE_KEY "
                f"cannot be read ({error.strerror}). Check both paths and the files' rights."
            }
        ) from error
    # A browser that knows this one certificate: whether it is the practice's own, or that of an
    # authority, is between the browsers and their owners.
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    asking.load_verify_locations(certificate)
    try:
        accepted = _shake_hands(serving, asking, name)
    except ssl.SSLCertVerificationError as error:
        raise Invalid(
            {
                "KAPTEAM_CERTIFICATE": f"Browsers refuse this certificate for {name} "
                f"({error.verify_message.rstrip('.')}). Make a new one: docs/operations.md, A "
                "second machine."
            }
        ) from error
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(accepted["notAfter"])), UTC)


def _shake_hands(
    serving: ssl.SSLContext, asking: ssl.SSLContext, name: str
) -> Mapping[str, object]:
    """What a browser reads in the certificate, once it has accepted it; in memory, on no wire."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = serving.wrap_bio(there, back, server_side=True)
    browser = asking.wrap_bio(back, there, server_hostname=name)
    for _ in range(_FLIGHTS):
        for side in (browser, server):
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    return browser.getpeercert() or {}
