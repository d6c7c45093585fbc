"""The cookie that a signed-in browser holds: handed out with each new token, and taken away."""

from starlette.requests import Request
from starlette.responses import Response

from kapteam.web.visitor import cookie_name


def with_cookie(request: Request, practice: str, token: str, response: Response) -> Response:
    """The same answer, and the browser's cookie has this token from now on."""
    scheme = request.url.scheme
    response.set_cookie(
        cookie_name(scheme),
        f"{practice}.{token}",
        path="/",
        secure=scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


def forgotten(request: Request, response: Response) -> Response:
    """The same answer, and the browser forgets its cookie."""
    response.delete_cookie(cookie_name(request.url.scheme), path="/")
    return response
