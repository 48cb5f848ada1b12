from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "commonwatch.capabilities.evidence"
    label = "evidence"
    default_auto_field = "django.db.models.AutoField"

    def ready(self) -> None:
        from commonwatch.base.journal.examine import further
        from commonwatch.capabilities.evidence.queries import examined

        further.append(lambda settings: examined())
