from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "commonwatch.base.parties"
    label = "parties"
    default_auto_field = "django.db.models.AutoField"
