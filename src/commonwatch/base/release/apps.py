from django.apps import AppConfig


class ReleaseConfig(AppConfig):
    name = "commonwatch.base.release"
    label = "release"
    default_auto_field = "django.db.models.AutoField"
