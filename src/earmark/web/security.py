"""Who may ask what: middlewares that stand before everything else.

The page is on a person's own machine and can write that person's files. Against other pages open in the same browser
stand: the Host header, which must name this machine (else a name of theirs could be made to point here: DNS
rebinding); Origin and Sec-Fetch-Site, which must say that a request which changes something comes from this page
(forgery; the rule is that of Go's CrossOriginProtection); a policy that lets this page load nothing from elsewhere.
Against other people stands a token, wherever more than this machine can reach the server.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# What a form may send from another page without the browser asking first.
OF_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
COOKIE = "earmark"
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
# Style attributes carry the lengths of bars; style sheets and scripts come from here alone.
POLICY = (
    "default-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
# For pages of runs and studies: one file each with its styles inside, no scripts.
REPORT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
HEADERS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "microphone=(self), camera=(), geolocation=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
}


class SafeHeaders:
    """Adds `HEADERS` to each answer that does not set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self.app(scope, receive, sent)


class KnownHost:
    """Refuses requests whose Host header names another machine.

    Addresses are let pass where `anywhere` (the server is bound to more than loopback): rebinding needs a name.
    """

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str], anywhere: bool) -> None:
        self.app, self.hosts, self.anywhere = app, hosts, anywhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 421."""
        if scope["type"] == "http" and not self._knows(Headers(scope=scope).getlist("host")):
            response: Response = PlainTextResponse("this server is not called by that name\n", 421)
            await response(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _knows(self, given: list[str]) -> bool:
        try:
            host = urlsplit(f"//{given[0]}").hostname if len(given) == 1 else None
        except ValueError:
            return False
        return host is not None and (host in self.hosts or (self.anywhere and _is_address(host)))


class SameOrigin:
    """Refuses requests that change something and come from another page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 403."""
        if scope["type"] == "http" and scope["method"] not in SAFE and not _from_here(Headers(scope=scope)):
            response: Response = PlainTextResponse("refused: this request comes from another page\n", 403)
            await response(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class Token:
    """Asks for the token: in the address once (`?token=`), which leaves a cookie, or as `Authorization: Bearer`."""

    def __init__(self, app: ASGIApp, *, token: str) -> None:
        self.app, self.token = app, token.encode()
        # The cookie opens this server alone, and does not tell the token.
        self.pass_ = hmac.new(self.token, b"earmark serve", hashlib.sha256).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 401."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        shown = [value for name, value in query if name == "token"]
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if (scheme.lower() == "bearer" and hmac.compare_digest(bearer.encode(), self.token)) or any(
            hmac.compare_digest(given, self.pass_) for given in _cookies(headers)
        ):
            await self.app(scope, receive, send)
        elif scope["method"] in SAFE and shown and hmac.compare_digest(shown[0].encode(), self.token):
            rest = urlencode([(name, value) for name, value in query if name != "token"])
            response: Response = RedirectResponse("/" + scope["path"].lstrip("/") + (f"?{rest}" if rest else ""), 303)
            response.set_cookie(COOKIE, self.pass_, httponly=True, samesite="lax", secure=scope["scheme"] == "https")
            await response(scope, receive, send)
        else:
            why = "this server asks for its token: open the address that `earmark serve` printed\n"
            response = PlainTextResponse(why, 401, {"www-authenticate": 'Bearer realm="earmark"'})
            await response(scope, receive, send)


def is_local(host: str) -> bool:
    """Whether a server bound to that name or address is reached from its own machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _from_here(headers: Headers) -> bool:
    """Whether a browser sent it from this page, or no browser sent it."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site in ("same-origin", "none")
    if origin is not None:
        return urlsplit(origin).netloc == headers.get("host")
    return headers.get("content-type", "").partition(";")[0].strip().lower() not in OF_FORMS


def _cookies(headers: Headers) -> list[str]:
    """The values of our cookie, in ASCII, which is all that the comparison takes."""
    pairs = (pair.strip().partition("=") for line in headers.getlist("cookie") for pair in line.split(";"))
    return [value for name, _, value in pairs if name == COOKIE and value.isascii()]
