"""An OpenID Connect provider, as much of one as a relying party sees: discovery, the code flow with PKCE, keys.

A fake for the world outside: it signs in whoever `person` names, and can be told to answer wrongly.
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

CLIENT, SECRET = "commonwatch", "kept between us"
Claims = dict[str, Any]


@dataclass
class Provider:
    """One, and what it does next."""

    address: str = ""
    person: str = "ada-at-provider"
    issuer: str = ""  # as its configuration has it; empty: its address
    key: RSAPrivateKey = field(default_factory=lambda: generate_private_key(65537, 2048))
    sign: Callable[[Provider, Claims], str] = lambda self, claims: self.signed(claims)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)  # what was asked, by the code that answered

    def signed(self, claims: Claims, key: RSAPrivateKey | None = None) -> str:
        """A token, by its own key or another."""
        return jwt.encode(claims, key or self.key, algorithm="RS256", headers={"kid": "one"})

    def configuration(self) -> Claims:
        """Where everything is."""
        return {
            "issuer": self.issuer or self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> Claims:
        """Those that sign."""
        made: str = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key())
        return {"keys": [{**json.loads(made), "kid": "one", "alg": "RS256", "use": "sig"}]}

    def authorized(self, asked: dict[str, str]) -> str:
        """Where the person is sent back to, signed in there."""
        assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT, "S256")
        assert len(asked["nonce"]) >= 32
        code = token_urlsafe()
        self.codes[code] = asked
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})

    def token(self, given: dict[str, str]) -> Claims:
        """What a code is worth, once, to who asked for it."""
        asked = self.codes.pop(given["code"])
        proof = urlsafe_b64encode(sha256(given["code_verifier"].encode()).digest()).decode().rstrip("=")
        assert proof == asked["code_challenge"] and given["redirect_uri"] == asked["redirect_uri"]
        assert (given["client_id"], given["client_secret"]) == (CLIENT, SECRET)
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT, "sub": self.person, "iat": now, "exp": now + 300}
        claims["nonce"] = asked["nonce"]
        return {"access_token": token_urlsafe(), "token_type": "Bearer", "id_token": self.sign(self, claims)}


@contextmanager
def providing() -> Iterator[Provider]:
    """One that listens on a loopback port."""
    provider = Provider()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorized(dict(parse_qsl(parts.query))))
                self.end_headers()
            elif parts.path == "/keys":
                self._say(provider.keys())
            else:
                assert parts.path == "/.well-known/openid-configuration", self.path
                self._say(provider.configuration())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._say(provider.token({name: values[0] for name, values in parse_qs(body).items()}))

        def _say(self, value: Claims) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        def log_message(self, *words: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    provider.address = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
