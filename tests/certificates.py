"""A certificate by the very commands of docs/operations.md, so that those are tried."""

import re
import ssl
import subprocess
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

_DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "operations.md"
_NAME_THERE = "kapteam.internal"


@dataclass(frozen=True, slots=True)
class Certificate:
    """The files of a certificate for `name`, of its key, and of the authority that vouches."""

    name: str
    authority: Path
    file: Path
    key: Path

    @property
    def settings(self) -> dict[str, str]:
        """What kapteam is told, but for the address."""
        return {
            "KAPTEAM_CERTIFICATE": str(self.file),
            "KAPTEAM_CERTIFICATE_KEY": str(self.key),
        }

    def trusted(self) -> ssl.SSLContext:
        """What a browser has that trusts this authority and no other."""
        return ssl.create_default_context(cafile=self.authority)

    def fingerprint(self) -> str:
        """The digest of its public key, as Chromium wants it."""
        public = ["openssl", "x509", "-in", str(self.file), "-noout", "-pubkey"]
        as_der = ["openssl", "pkey", "-pubin", "-outform", "DER"]
        pem = subprocess.run(public, check=True, capture_output=True).stdout
        der = subprocess.run(as_der, input=pem, check=True, capture_output=True).stdout
        return b64encode(sha256(der).digest()).decode()

    def expire(self) -> None:
        """Have the authority vouch for it until yesterday."""
        subject, authority = f"/CN={self.name}", self.authority.with_suffix("")
        script = (
            f"openssl req -new -key {self.key} -subj {subject} | openssl x509 -req -days -1 "
            f"-CA {authority}.crt -CAkey {authority}.key -out {self.file}"
        )
        subprocess.run(["sh", "-c", script], check=True, capture_output=True)


def make_certificate(folder: Path, name: str = "kapteam.example") -> Certificate:
    """Make an authority and a certificate for `name` in `folder`. Needs the openssl command."""
    commands = re.search(r"```\n( *mkdir .*?)```", _DOCUMENT.read_text(), re.DOTALL)
    assert commands is not None
    script = commands[1].replace(_NAME_THERE, name)
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["sh", "-e", "-c", script], cwd=folder, check=True, capture_output=True)
    made = folder / "data" / "local" / "tls"
    return Certificate(name, made / "authority.crt", made / "kapteam.crt", made / "kapteam.key")
