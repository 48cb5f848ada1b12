from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "commonwatch.capabilities.incidents"
    label = "incidents"
    default_auto_field = "django.db.models.AutoField"
