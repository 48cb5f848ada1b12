"""What all pages about one object begin with: its head, and the way to the others. What the reader has not does not exist."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commonwatch.base.parties.queries import own_member
from commonwatch.base.search.history import Held, held
from commonwatch.console.intelligence.drafts import FORMS
from commonwatch.console.intelligence.finding import may_write
from commonwatch.console.intelligence.rows import marking_of, titled
from commonwatch.console.shell import cells
from commonwatch.console.shell.who import reader

TABS = (
    ("object", _("Summary")),
    ("object-relations", _("Relations")),
    ("object-graph", _("Graph")),
    ("object-versions", _("Versions")),
    ("object-timeline", _("Timeline")),
    ("object-sightings", _("Sightings")),
    ("object-audience", _("Who can see this")),
    ("object-original", _("Original")),
)


def held_for(request: HttpRequest, identity: str) -> Held:
    """The object as the person who looks has it; raises NotFound."""
    return held(reader(request), identity)


def about(request: HttpRequest, one: Held, here: str) -> dict[str, Any]:
    """What the template `object.html` needs on each of the pages; `here` is the name of this one's address."""
    head = one.head
    return {
        "held": one,
        "head": head,
        "name": cells.visible(head.name),
        "title": titled((head.type, head.name)),
        "marked": marking_of(head),
        "is_own": may_write(request) and head.producer_id == own_member().identity and not head.derived,
        "may_write": may_write(request),
        "has_form": head.type in FORMS,
        "tabs": [(label, reverse(name, args=[head.id]), name == here) for name, label in TABS],
        "trail": [(gettext("Search"), reverse("objects")), (head.name, "")],
    }
