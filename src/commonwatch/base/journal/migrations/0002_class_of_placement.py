from typing import Any

from django.db import migrations

from commonwatch.base.journal import schema


def add(apps: object, editor: Any) -> None:
    for statement in schema.CLASS_OF_PLACEMENT:
        editor.execute(statement)


def index(apps: object, editor: Any) -> None:
    editor.execute(schema.CLASS_INDEX[editor.connection.vendor])


class Migration(migrations.Migration):

    dependencies = [("journal", "0001_initial")]

    # Two steps: PostgreSQL makes no index on a table with changes of the same transaction still to be checked.
    operations = [migrations.RunPython(add, migrations.RunPython.noop), migrations.RunPython(index, migrations.RunPython.noop)]
