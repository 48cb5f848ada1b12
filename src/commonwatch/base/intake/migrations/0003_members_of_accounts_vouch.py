# What accounts posted so far is vouched for by the members that they were given.

from typing import Any

from django.db import migrations


def vouch(apps: Any, editor: Any) -> None:
    Account, Source = apps.get_model("accounts", "Account"), apps.get_model("intake", "Source")
    for account in Account.objects.exclude(member__name="home"):
        Source.objects.filter(name=f"account:{account.name}").update(member=account.member)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_members_for_accounts'),
        ('intake', '0002_source_member'),
    ]

    operations = [
        migrations.RunPython(vouch),
    ]
