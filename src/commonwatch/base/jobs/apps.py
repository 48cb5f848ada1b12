from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "commonwatch.base.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.AutoField"
