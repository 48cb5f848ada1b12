"""What the forms of this area let people choose from."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext

from commonwatch.base.accounts.models import Role
from commonwatch.base.parties.models import HOME, Member
from commonwatch.console.shell import cells

ROLES = [(role.value, cells.word(role.value)) for role in Role]


def members_field(declared: forms.Field) -> forms.ChoiceField:
    """The choice of a member, the node's own first."""
    others = Member.objects.exclude(name=HOME).order_by("name").values_list("name", flat=True)
    choices = [(HOME, gettext("the member that runs this node")), *((name, name) for name in others)]
    return forms.ChoiceField(label=declared.label, help_text=declared.help_text, choices=choices, initial=HOME)
