"""Streamlit's one HTML page as we serve it, and the security headers that go with everything."""

import base64
import re
from hashlib import sha256
from pathlib import Path

_HEAD = (
    '<script src="/session/guard.js" defer></script>\n'
    '    <link rel="stylesheet" href="/session/guard.css" />\n  </head>'
)
_NOSCRIPT = "<noscript><p>kapteam needs JavaScript. Turn it on and reload.</p></noscript>"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: Chromium would then send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Shell:
    """The page that Streamlit's own script fills, with the guard script and without the agent link.

    `html` is that page, `bundle` the paths of the files that belong to it, `font` the file of its
    typeface, for the plain pages to look alike.
    Raises ValueError when `index` is not the page it was written for, so that a new Streamlit
    cannot quietly serve a page without the guard.
    """

    def __init__(self, index: Path) -> None:
        html = index.read_text(encoding="utf-8")
        html = _once(r'(<!--(?:(?!-->).)*-->\s*)?<link rel="service-desc"[^>]*>', "", html)
        html = _once(r"<noscript>.*?</noscript>", _NOSCRIPT, html)
        html = _once(r"<title>.*?</title>", "<title>kapteam</title>", html)
        html = _once(r"</head>", _HEAD, html)
        self.html = html
        [font] = re.findall(r'href="\./([^"]+\.woff2)"', html)
        self.font = index.parent / font
        files = (file for file in index.parent.rglob("*") if file.is_file() and file != index)
        self.bundle = frozenset(f"/{file.relative_to(index.parent).as_posix()}" for file in files)
        inline = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
        self._policy = _policy([_digest(script) for script in inline])

    def headers(self, path: str, scheme: str) -> dict[str, str]:
        """The headers of every answer; only Streamlit's own bundle may be stored."""
        headers = {"Content-Security-Policy": self._policy, **_HEADERS}
        if not path.startswith("/static/"):
            headers["Cache-Control"] = "no-store"
        if scheme == "https":
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return headers


def _once(pattern: str, replacement: str, html: str) -> str:
    changed, count = re.subn(pattern, lambda _: replacement, html, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"Streamlit's index.html has {count} matches of {pattern}; 1 is expected.")
    return changed


def _digest(script: str) -> str:
    return "'sha256-" + base64.b64encode(sha256(script.encode()).digest()).decode() + "'"


def _policy(digests: list[str]) -> str:
    return "; ".join(
        [
            "default-src 'none'",
            " ".join(["script-src 'self' 'wasm-unsafe-eval'", *digests]),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "media-src 'self' blob:",
            "manifest-src 'self'",
            "worker-src 'self' blob:",
            "frame-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )
