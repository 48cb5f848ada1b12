# Addresses for digests are confirmed from here on. Those that were there wait: each is asked once, and written to when it has answered.

from typing import Any

from django.db import migrations, models
from django.db.models import F


def ask_all(apps: Any, editor: Any) -> None:
    desks = apps.get_model("console", "Desk").objects
    desks.exclude(digest="").update(mail_wanted=F("mail_to"))
    desks.update(mail_to="")


def believe_all(apps: Any, editor: Any) -> None:
    apps.get_model("console", "Desk").objects.exclude(mail_wanted="").update(mail_to=F("mail_wanted"))


class Migration(migrations.Migration):

    dependencies = [
        ('console', '0002_digests'),
    ]

    operations = [
        migrations.AddField(
            model_name='desk',
            name='mail_links_us',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='desk',
            name='mail_wanted',
            field=models.CharField(blank=True, default='', max_length=254),
        ),
        migrations.RunPython(ask_all, believe_all),
    ]
