from django.apps import AppConfig


class TransparencyConfig(AppConfig):
    name = "commonwatch.capabilities.transparency"
    label = "transparency"
    default_auto_field = "django.db.models.AutoField"
