"""What the console writes to people by mail: plain text and HTML, in the language that is active, answered by nobody."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import get_language, get_language_bidi

HEADERS = {"Auto-Submitted": "auto-generated"}  # RFC 3834: nobody's absence is answered to us


def letter(template: str, subject: str, context: dict[str, Any], to: str) -> EmailMultiAlternatives:
    """A mail made of `template` as text and as HTML."""
    known = {**context, "subject": subject, "language": get_language(), "is_rtl": get_language_bidi()}
    text = render_to_string(f"console/desk/{template}.txt", known)
    made = EmailMultiAlternatives(subject, text, to=[to], headers=HEADERS)
    made.attach_alternative(render_to_string(f"console/desk/{template}.html", known), "text/html")
    return made


def here(path: str) -> str:
    """The address of a page for who is elsewhere."""
    return settings.COMMONWATCH.public_url.rstrip("/") + path
