"""Signing in by an OpenID Connect provider: who is let in, who is not, and what tokens are not believed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from django.test import Client
from django.urls import reverse
from pydantic import SecretStr

from commonwatch.base.accounts.models import Role
from commonwatch.base.audit.models import AuditEntry
from tests.console.conftest import PASSWORD, person
from tests.console.openid import CLIENT, SECRET, Claims, Provider, providing
from tests.console.test_signing_in import code, sign_in


@pytest.fixture
def provider(ready: Path, settings: Any) -> Iterator[Provider]:
    """One that this node is set up with."""
    with providing() as made:
        settings.COMMONWATCH = settings.COMMONWATCH.model_copy(
            update={"oidc_issuer": made.address, "oidc_client_id": CLIENT, "oidc_client_secret": SecretStr(SECRET)}
        )
        app = {"provider_id": "oidc", "name": "Work", "client_id": CLIENT, "secret": SECRET}
        known = {**settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]}
        known["APPS"] = [{**app, "settings": {"server_url": made.address}}]
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": known}
        registry.register(OpenIDConnectProvider)  # as the package does where the settings name a provider at the start
        yield made
        del registry.provider_map[OpenIDConnectProvider.id]


def through(browser: Client, process: str = "login") -> Any:
    """Go to the provider by our page, be signed in there, come back; our answer."""
    left = browser.post(reverse("leave-for-provider") + f"?process={process}")
    found = re.search(r'content="0; url=([^"]+)"', left.content.decode())
    assert found is not None
    back = requests.get(unescape(found[1]), allow_redirects=False, timeout=5).headers["Location"]
    return browser.get(back.removeprefix("http://testserver"))


def connected(role: Role) -> None:
    """A person of this role, who has connected the provider once."""
    person(role)
    browser = Client()
    sign_in(browser, role.value)
    if role is Role.ADMINISTRATOR:
        browser.post("/account/security/authenticate/", {"code": code()})
    assert through(browser, "connect")["Location"] == reverse("socialaccount_connections")


def is_in(browser: Client) -> bool:
    return browser.get("/overview/").status_code == 200


def refused() -> list[str]:
    """What the record says of attempts that failed, the last first."""
    found = AuditEntry.objects.filter(action="sign-in", outcome="refused").order_by("-pk")
    return [str(one.detail["reason"]) for one in found]


def test_who_connected_the_provider_signs_in_with_it(provider: Provider) -> None:
    connected(Role.READER)
    browser = Client()
    assert through(browser)["Location"] == "/overview/" and is_in(browser)
    assert AuditEntry.objects.filter(action="provider.connect", actor="reader").exists()


def test_whom_nobody_here_knows_is_told_what_to_do(provider: Provider) -> None:
    connected(Role.READER)
    provider.person = "reader"  # whose name is known, and nothing else of it
    browser = Client()
    told = through(browser).content.decode()
    assert "Sign in with your password, then connect" in told and not is_in(browser)
    assert refused() == ["provider: not connected"]


def test_the_second_factor_is_asked_for_all_the_same(provider: Provider) -> None:
    connected(Role.ADMINISTRATOR)
    browser = Client()
    assert through(browser)["Location"].startswith("/account/security/authenticate/") and not is_in(browser)


def test_who_runs_the_node_and_has_no_second_factor_sets_one_up_first(provider: Provider, settings: Any) -> None:
    settings.COMMONWATCH = settings.COMMONWATCH.model_copy(update={"second_factor_roles": ["reader"]})
    connected(Role.READER)
    browser = Client()
    through(browser)
    assert browser.get("/overview/")["Location"] == reverse("mfa_index")


def forged(provider: Provider, claims: Claims) -> str:
    return provider.signed(claims, generate_private_key(65537, 2048))


def unsigned(provider: Provider, claims: Claims) -> str:
    return jwt.encode(claims, "", algorithm="none", headers={"kid": "one"})


def by_a_secret(provider: Provider, claims: Claims) -> str:
    return jwt.encode(claims, SECRET.encode() * 3, algorithm="HS256", headers={"kid": "one"})


def with_claims(**more: Any) -> Callable[[Provider, Claims], str]:
    """The same with other claims; None leaves one out."""
    return lambda provider, claims: provider.signed(
        {name: value for name, value in {**claims, **more}.items() if value is not None}
    )


@pytest.mark.parametrize(
    "sign",
    [
        forged,
        unsigned,
        by_a_secret,
        with_claims(exp=1_700_000_000),
        with_claims(exp=None),
        with_claims(aud="another"),
        with_claims(azp="another"),
        with_claims(iss="https://another.example"),
        with_claims(sub=None),
        with_claims(nonce=None),
        with_claims(nonce=""),
        with_claims(nonce="another"),
        with_claims(nonce=["another"]),
        lambda provider, claims: "",
        lambda provider, claims: "not.a.token",
        lambda provider, claims: jwt.encode(claims, provider.key, algorithm="RS256"),  # by which key is not said
    ],
    ids=[
        *("forged", "unsigned", "by a secret", "expired", "without end", "for another", "to another party"),
        *("of another issuer", "of nobody", "without nonce", "with an empty nonce", "with another nonce"),
        *("with several nonces", "none", "nonsense", "by a key not named"),
    ],
)
def test_a_token_that_does_not_hold_lets_nobody_in(provider: Provider, sign: Callable[[Provider, Claims], str]) -> None:
    connected(Role.READER)
    provider.sign = sign
    browser = Client()
    answer = through(browser)
    assert "The provider did not sign you in" in answer.content.decode() and not is_in(browser)
    assert len(refused()) == 1 and refused()[0].startswith("provider: ")


@pytest.mark.parametrize(
    ("sign", "why"),
    [
        (with_claims(nonce=None), "The ID token has no nonce."),
        (with_claims(nonce="another"), "The ID token has the nonce of another attempt."),
    ],
    ids=["without", "another"],
)
def test_what_is_wrong_with_a_nonce_is_said_and_on_record(
    provider: Provider, sign: Callable[[Provider, Claims], str], why: str
) -> None:
    connected(Role.READER)
    provider.sign = sign
    told = through(Client()).content.decode()
    assert "does not belong to your attempt to sign in" in told and why not in told
    assert refused() == [f"provider: {why}"]


def test_a_token_of_an_earlier_attempt_is_not_taken_again(provider: Provider) -> None:
    connected(Role.READER)
    made: list[str] = []

    def the_first(provider: Provider, claims: Claims) -> str:
        made.append(provider.signed(claims))
        return made[0]

    provider.sign = the_first
    assert through(Client())["Location"] == "/overview/"
    browser = Client()
    assert "does not belong to your attempt" in through(browser).content.decode() and not is_in(browser)


def test_each_attempt_has_a_nonce_of_its_own_that_no_address_chooses(provider: Provider) -> None:
    for address in ("", "?auth_params=nonce%3Dchosen", ""):
        left = Client().post(reverse("leave-for-provider") + address).content.decode()
        requests.get(unescape(re.findall(r'content="0; url=([^"]+)"', left)[0]), allow_redirects=False, timeout=5)
    nonces = {asked["nonce"] for asked in provider.codes.values()}
    assert len(nonces) == 3 and "chosen" not in nonces


def test_a_provider_that_calls_itself_otherwise_is_given_neither_code_nor_secret(provider: Provider) -> None:
    connected(Role.READER)
    provider.issuer = "https://another.example"
    browser = Client()
    assert "The provider did not sign you in" in through(browser).content.decode() and not is_in(browser)
    assert provider.codes


def test_nobody_is_sent_to_the_provider_by_a_link(provider: Provider) -> None:
    assert Client().get(reverse("openid_connect_login", args=["oidc"])).status_code == 405


def test_a_provider_that_does_not_answer_is_said_to(provider: Provider, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"
    answer = Client().post(reverse("leave-for-provider"))
    assert "The provider did not sign you in" in answer.content.decode()


def test_a_code_that_somebody_else_asked_for_is_not_taken(provider: Provider) -> None:
    connected(Role.READER)
    victim, attacker = Client(), Client()
    left = attacker.post(reverse("leave-for-provider")).content.decode()
    away = unescape(re.findall(r'content="0; url=([^"]+)"', left)[0])
    back = requests.get(away, allow_redirects=False, timeout=5).headers["Location"]
    answer = victim.get(back.removeprefix("http://testserver"))
    assert "The provider did not sign you in" in answer.content.decode() and not is_in(victim)


def test_a_password_still_signs_in_where_there_is_a_provider(provider: Provider) -> None:
    connected(Role.READER)
    assert sign_in(Client(), "reader", PASSWORD) == "/overview/"


@pytest.mark.parametrize("issuer", ["", "https://login.example.org"])
def test_what_a_provider_needs_is_loaded_where_there_is_one(issuer: str, tmp_path: Path) -> None:
    program = """
import sys, django
django.setup()
from allauth.socialaccount.providers import registry
from django.urls import get_resolver
get_resolver().url_patterns
print("requests" in sys.modules, [one.id for one in registry.get_class_list()])
"""
    known = {"COMMONWATCH_OIDC_ISSUER": issuer, "COMMONWATCH_DATA": str(tmp_path)}
    known["DJANGO_SETTINGS_MODULE"] = "commonwatch.site.settings"
    run = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **known}, check=True, capture_output=True, text=True
    )
    assert run.stdout.strip() == ("True ['openid_connect']" if issuer else "False []")
