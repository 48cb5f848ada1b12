from django.apps import AppConfig


class DutiesConfig(AppConfig):
    name = "commonwatch.capabilities.duties"
    label = "duties"
    default_auto_field = "django.db.models.AutoField"

    def ready(self) -> None:
        from commonwatch.base.clock import now_us
        from commonwatch.base.journal.examine import further
        from commonwatch.capabilities.duties.law import examined

        further.append(lambda settings: examined(now_us()))
