from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "commonwatch.base.journal"
    label = "journal"
    default_auto_field = "django.db.models.AutoField"
