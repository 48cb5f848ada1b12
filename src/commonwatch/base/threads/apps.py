from django.apps import AppConfig


class ThreadsConfig(AppConfig):
    name = "commonwatch.base.threads"
    label = "threads"
    default_auto_field = "django.db.models.AutoField"
