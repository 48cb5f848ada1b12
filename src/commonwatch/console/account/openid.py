"""Signing in by an OpenID Connect provider: the code flow with PKCE, of which only the ID token is believed.

1. The provider's configuration is fetched from `oidc_issuer` and has to name it (OpenID Connect Discovery 1.0, 4.3). 2. There has to be an
ID token, signed by one of the provider's keys with a key pair of its own: never by a secret, never by nothing (Core 1.0, 3.1.3.7; the
package leaves this out where the token came over TLS). 3. It is for this node, by this provider, and not expired. 4. Whom it names is
looked up by `sub` alone; what else it or the provider's user information says decides nothing. 5. It answers this attempt to sign in: it
has the nonce that was sent along (Core 1.0, 3.1.3.7, 11), so that a code or a token of somebody else's attempt is worth nothing here.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from secrets import token_urlsafe
from typing import Any

from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

PROVIDER = "oidc"
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
NEEDED = ("sub", "exp", "iat")


class OfAnotherAttempt(OAuth2Error):  # type: ignore[misc]
    """The token does not answer the attempt that this session made."""

    advice = _("The answer does not belong to your attempt to sign in. Start again, here and in one window.")


class Asked(OpenIDConnectProvider):  # type: ignore[misc]
    """The package's provider, which every attempt is asked of with a nonce."""

    def redirect(self, request: HttpRequest, process: str, **kwargs: Any) -> HttpResponse:
        """The way there."""
        state = token_urlsafe()
        params = {**kwargs.pop("auth_params", {}), "nonce": _nonce(state)}
        answer: HttpResponse = super().redirect(request, process, auth_params=params, state_id=state, **kwargs)
        return answer


class Verified(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """The package's way to a provider, with what the token says taken for true only once it is verified."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The provider's own description; raises OAuth2Error where it is another's."""
        found: dict[str, Any] = super().openid_config
        if str(found.get("issuer", "")).rstrip("/") != settings.COMMONWATCH.oidc_issuer.rstrip("/"):
            raise OAuth2Error("The configuration names another issuer than the setting oidc_issuer.")
        return found

    def get_provider(self) -> Asked:
        """With a nonce."""
        return Asked(self.request, super().get_provider().app)

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Who signed in there, by the token alone."""
        claims = self._claims(app.client_id, str(kwargs["response"].get("id_token") or ""))
        _check_nonce(claims, request.GET["state"])  # which the package found in this session, and took out of it
        return self.get_provider().sociallogin_from_response(request, {"id_token": claims})

    def _claims(self, client: str, token: str) -> dict[str, Any]:
        found = self.openid_config
        try:
            if _head(token).get("alg") not in ALGORITHMS:
                raise OAuth2Error("The ID token is not signed with a key of the provider.")
            claims: dict[str, Any] = jwtkit.verify_and_decode(
                credential=token,
                keys_url=found["jwks_uri"],
                issuer=found["issuer"],
                audience=client,
                lookup_kid=jwtkit.lookup_kid_jwk,
            )
        except (KeyError, TypeError, ValueError) as error:  # of keys and tokens that are not as they should be
            raise OAuth2Error("The ID token cannot be verified.") from error
        if any(not claims.get(name) for name in NEEDED) or claims.get("azp", client) != client:
            raise OAuth2Error("The ID token lacks something, or is for another.")
        return claims


def login(request: HttpRequest, provider_id: str = PROVIDER) -> HttpResponse:
    """The way there."""
    return _view(OAuth2LoginView, request, provider_id)


def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """The way back."""
    return _view(OAuth2CallbackView, request, provider_id)


def _view(kind: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        adapter = Verified(request, provider_id)
        answer: HttpResponse = kind.adapter_view(adapter)(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except (
        OAuth2Error,
        OSError,
    ) as error:  # it does not answer, or not as it should; the package expects neither everywhere
        answer = render_authentication_error(request, adapter.get_provider(), exception=error)
    return answer


def _nonce(state: str) -> str:
    """What is sent along with a state: made from it, which the session keeps and gives out once (Core 1.0, 15.5.2)."""
    return salted_hmac(f"{__name__}.nonce", state, algorithm="sha256").hexdigest()


def _check_nonce(claims: dict[str, Any], state: str) -> None:
    if not claims.get("nonce"):
        raise OfAnotherAttempt("The ID token has no nonce.")
    if not constant_time_compare(str(claims["nonce"]), _nonce(state)):
        raise OfAnotherAttempt("The ID token has the nonce of another attempt.")


def _head(token: str) -> dict[str, Any]:
    first = token.split(".")[0]
    head = json.loads(urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    return head if isinstance(head, dict) else {}
