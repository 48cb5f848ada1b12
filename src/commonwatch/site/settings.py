"""Django's settings, derived from the node's. Which node: the data folder in COMMONWATCH_DATA."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from commonwatch.base.config import load
from commonwatch.base.config.settings import secret_key

COMMONWATCH = load(Path(os.environ.get("COMMONWATCH_DATA", "data")).expanduser().absolute())

# `restore`, `settings` and help must not make a data folder: they run with a key of the moment.
SECRET_KEY = secrets.token_urlsafe(48) if os.environ.get("COMMONWATCH_NO_NODE") else secret_key(COMMONWATCH)
DEBUG = False
ALLOWED_HOSTS = ["*"]  # links are built from `public_url`, never from a request's Host
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
ROOT_URLCONF = "commonwatch.site.urls"
AUTH_USER_MODEL = "accounts.Account"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["name"]},
    },
]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "commonwatch.base.journal",
    "commonwatch.base.audit",
    "commonwatch.base.parties",
    "commonwatch.base.accounts",
    "commonwatch.base.jobs",
    "commonwatch.base.release",
    "commonwatch.base.intake",
    "commonwatch.base.search",
    "commonwatch.base.threads",
    "commonwatch.capabilities.exchange",
    "commonwatch.capabilities.transparency",
    "commonwatch.capabilities.federation",
    "commonwatch.capabilities.incidents",
    "commonwatch.capabilities.detection",
    "commonwatch.capabilities.evidence",
    "commonwatch.capabilities.duties",
    "commonwatch.capabilities.assistance",
    "commonwatch.capabilities.contacts",
    "commonwatch.console",
    "commonwatch.api",
    # After the console, whose templates stand in place of theirs.
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    *(
        ["allauth.socialaccount.providers.openid_connect"] if COMMONWATCH.oidc_issuer else []
    ),  # 4 MB, with what it needs
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "commonwatch.console.shell.middleware.PublicAddress",
    "commonwatch.console.shell.middleware.ContentSecurityPolicy",
    "commonwatch.console.shell.middleware.CompressPages",
    "commonwatch.api.middleware.ApiBoundary",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "commonwatch.console.shell.middleware.ForPeople",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "commonwatch.console.frame.frame",
            ],
            "builtins": ["django.templatetags.i18n", "commonwatch.console.shell.templatetags.console"],
        },
    }
]
LANGUAGES = [
    ("en", "English"),
    ("fr", "Français"),
    ("es", "Español"),
    ("ar", "العربية"),
    ("zh-hans", "中文"),
    ("ru", "Русский"),
]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = sorted((Path(__file__).parents[1] / "console").glob("*/locale"))
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = COMMONWATCH.public_url.startswith("https:")
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "commonwatch.console.shell.errors.form_refused"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # an OpenID Connect provider sends people back to us by a link
SESSION_COOKIE_AGE = COMMONWATCH.session_hours * 3600
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
# Shared by the processes of the node: used codes and counted attempts must be known to all of them.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": COMMONWATCH.data / "cache",
    }
}
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
ACCOUNT_ADAPTER = "commonwatch.console.account.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "name"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True  # for as long as `session_hours` says, no choice beside it
ACCOUNT_LOGOUT_REDIRECT_URL = "front"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if COMMONWATCH.public_url.startswith("https:") else "http"
MFA_ADAPTER = "commonwatch.console.account.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SESSION_COOKIE_SECURE  # browsers themselves allow it for localhost only
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
SOCIALACCOUNT_ADAPTER = "commonwatch.console.account.adapters.ProviderAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": COMMONWATCH.oidc_name,
                "client_id": COMMONWATCH.oidc_client_id,
                "secret": COMMONWATCH.oidc_client_secret.get_secret_value(),
                "settings": {"server_url": COMMONWATCH.oidc_issuer.rstrip("/")},
            }
        ]
        if COMMONWATCH.oidc_issuer
        else [],
    }
}
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if COMMONWATCH.sends_mail else 'dummy'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = COMMONWATCH.mail_host, COMMONWATCH.mail_port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = COMMONWATCH.mail_user, COMMONWATCH.mail_password.get_secret_value()
EMAIL_USE_TLS, EMAIL_USE_SSL = COMMONWATCH.mail_security == "starttls", COMMONWATCH.mail_security == "tls"
EMAIL_TIMEOUT = 20  # seconds; the worker has other work
DEFAULT_FROM_EMAIL = COMMONWATCH.mail_from
WORK_OF_PAGES = (
    "commonwatch.console.desk.digests.Digests",
)  # what the worker does for the console, which it does not know
ROUTES_OF_PAGES = ("commonwatch.console.desk.api",)  # what the API has of the console, which it does not know
LOGGING_CONFIG = None


def _database() -> dict[str, Any]:
    url = COMMONWATCH.database_url.get_secret_value()
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": COMMONWATCH.data / "commonwatch.db",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": 30,
                "transaction_mode": "IMMEDIATE",
                # FULL: an acknowledged commit survives a power cut. The cache is per connection, so it stays small. Every
                # 8,000 pages (32 MB) instead of 1,000: pages of the index of ids are written back once for several commits.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8000; "
                "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0; PRAGMA wal_autocheckpoint=8000; PRAGMA journal_size_limit=67108864;",
            },
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # A page is an index walk that ends with its limit. On a table that has grown since its statistics were taken, the
        # planner would rather collect the whole collection and sort it: measured, 10 ms a page instead of 2 at 50,000.
        # Nor is any query here worth compiling (measured: 53 ms of it for a look-up of 1.3 ms) or planning anew each time.
        "OPTIONS": {"options": "-c enable_bitmapscan=off -c random_page_cost=1.1 -c jit=off", "prepare_threshold": 5},
    }


DATABASES = {"default": _database()}
