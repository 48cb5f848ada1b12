from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "commonwatch.capabilities.evidence"
    label = "evidence"
    default_auto_field = "django.db.models.AutoField"

    def ready(self) -> None:
        from commonwatch.base.journal.backup import beside
        from commonwatch.base.journal.examine import further, thorough
        from commonwatch.capabilities.evidence.keeping import SealedContent
        from commonwatch.capabilities.evidence.queries import content_examined, examined
        from commonwatch.capabilities.evidence.store.opening import FOLDER

        further.append(lambda settings: examined())
        thorough.append(lambda settings: content_examined())
        beside[FOLDER] = SealedContent()
