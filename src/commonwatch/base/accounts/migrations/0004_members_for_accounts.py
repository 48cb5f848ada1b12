# Accounts were in communities themselves; from here on their members are. Alone in its transaction: PostgreSQL changes
# no table whose rows were written in the same one.

import re
from itertools import count
from typing import Any
from uuid import uuid4

from django.db import migrations

from commonwatch.base.clock import now_us

HOME = "home"


def give_members(apps: Any, editor: Any) -> None:
    Account, Member = apps.get_model("accounts", "Account"), apps.get_model("parties", "Member")
    Membership, Community = apps.get_model("parties", "Membership"), apps.get_model("parties", "Community")
    now = now_us()

    def make(name: str, title: str) -> Any:
        return Member.objects.create(
            name=name, title=title, kind="civil-society", country="", identity=f"identity--{uuid4()}", created_us=now
        )

    def join(member: Any, community: Any, reason: str) -> None:
        Membership.objects.create(
            community=community, member=member, since_us=now, joined_by="upgrade", joined_reason=reason
        )

    def free_name(account: str) -> str:
        name = re.sub(r"[^a-z0-9._-]+", "-", account.lower())[:90].strip(".-_") or "account"
        names = (name if number == 1 else f"{name}-{number}" for number in count(1))
        return next(one for one in names if not Member.objects.filter(name=one).exists())

    community = Community.objects.filter(name=HOME).first()
    if community is None and not Account.objects.exists():
        return  # a new node: its first start does the rest
    home = Member.objects.filter(name=HOME).first() or make(HOME, "This node's own member")
    if community and not Membership.objects.filter(community=community, member=home, until_us=None).exists():
        join(home, community, "It runs this node")
    for account in Account.objects.order_by("pk"):
        given = list(account.communities.order_by("pk"))
        if account.is_person or [one.name for one in given] == [HOME]:
            account.member = home
        else:
            account.member = make(free_name(account.name), account.name)
            for one in given:
                join(account.member, one, f"Its account {account.name} was in it")
        account.save(update_fields=["member"])


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_account_member'),
    ]

    operations = [
        migrations.RunPython(give_members),
    ]
