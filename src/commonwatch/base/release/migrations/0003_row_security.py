from typing import Any

from django.db import migrations

from commonwatch.base.release import serving


def guard(apps: object, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        for statement in serving.GUARD:
            editor.execute(statement)


def unguard(apps: object, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        for statement in serving.UNGUARD:
            editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('journal', '0002_class_of_placement'),
        ('release', '0002_policies_and_grants'),
    ]

    operations = [migrations.RunPython(guard, unguard)]
