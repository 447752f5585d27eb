"""Who may read the page: a secret token in the address, no foreign pages, and headers that say so."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Scripts and styles come from this server alone, and nothing is fetched from elsewhere. Vega evaluates its
# expressions with an interpreter, so the page needs no unsafe-eval.
CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    # The token is in the address: it goes to nobody else.
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def new_token() -> str:
    """Return a token that nobody guesses: 128 bits."""
    return secrets.token_hex(16)


class Guard:
    """Lets through GET requests for addresses that begin with the token, from this server's own pages.

    The host that a request names must be one of `hosts`, if there are any: a web page elsewhere may make a
    name of its own point here (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, token: str, hosts: Iterable[str] = ()) -> None:
        self._app, self._token, self._hosts = app, token, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send_with_headers)
        else:
            await refusal(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("This page only shows: GET requests only.\n", 405)
        if self._hosts and host.rpartition(":")[0].strip("[]") not in self._hosts:
            return PlainTextResponse("Refused: not the address that fashion-wb view has printed.\n", 403)
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if (origin is not None and origin != f"http://{host}") or site not in ("none", "same-origin"):
            return PlainTextResponse("Refused: asked for by another web page.\n", 403)
        given = scope["path"].split("/")[1]
        if not secrets.compare_digest(given.encode(), self._token.encode()):
            text = "Refused: the address has no valid token. Open the one that fashion-wb view has printed.\n"
            return PlainTextResponse(text, 403)
        return None
