from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "commonwatch.base.intake"
    label = "intake"
    default_auto_field = "django.db.models.AutoField"
