from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "commonwatch.base.audit"
    label = "audit"
    default_auto_field = "django.db.models.AutoField"
