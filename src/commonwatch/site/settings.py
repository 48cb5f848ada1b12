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
    "commonwatch.base.journal",
    "commonwatch.base.audit",
    "commonwatch.base.parties",
    "commonwatch.base.accounts",
    "commonwatch.base.jobs",
    "commonwatch.base.release",
    "commonwatch.base.intake",
    "commonwatch.capabilities.exchange",
    "commonwatch.capabilities.transparency",
    "commonwatch.capabilities.federation",
    "commonwatch.capabilities.detection",
    "commonwatch.console",
    "commonwatch.api",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "commonwatch.console.middleware.ContentSecurityPolicy",
    "commonwatch.api.middleware.ApiBoundary",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {}}]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = COMMONWATCH.public_url.startswith("https:")
CSRF_COOKIE_SAMESITE = "Strict"
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
