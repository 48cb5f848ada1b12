"""What the frame around every page needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from commonwatch.console.areas import AREAS
from commonwatch.console.desk.queries import views_of
from commonwatch.console.shell.pages import lacks_second_factor
from commonwatch.console.shell.who import looking, person


def frame(request: HttpRequest) -> dict[str, Any]:
    """Who looks, where they are, where they may go, and how pages look to them."""
    who, account = looking(request), person(request)
    navigation = [(area, entries) for area in AREAS if (entries := area.shown_to(who))] if who else []
    views = views_of(who) if who else []
    own = {view.address: view for view in views if who and view.account_id == who.account_id}
    here = getattr(request.resolver_match, "url_name", "") or ""
    return {
        "who": who,
        "navigation": navigation,
        "area": next((area for area, _ in navigation if request.path.startswith(f"/{area.name}/")), None),
        "here": here,
        "saved_views": views,
        "own_views": own,
        "lacks_second_factor": who is not None and lacks_second_factor(request),
        "theme": account.theme if account else "",
        "languages": settings.LANGUAGES,
        "provider": settings.COMMONWATCH.oidc_issuer and settings.COMMONWATCH.oidc_name,
        "language": get_language() or "en",
    }
