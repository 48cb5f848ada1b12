from typing import Any

from django.db import migrations

from commonwatch.base.search import schema


def create(apps: object, editor: Any) -> None:
    vendor = editor.connection.vendor
    for statement in [*schema.TABLES[vendor], *schema.INDEXES, *(schema.GUARD if vendor == "postgresql" else ())]:
        editor.execute(statement)


def drop(apps: object, editor: Any) -> None:
    for statement in schema.DROP:
        editor.execute(statement)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('journal', '0002_class_of_placement'),
        ('release', '0003_row_security'),
    ]

    operations = [migrations.RunPython(create, drop)]
