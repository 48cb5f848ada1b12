from django.apps import AppConfig


class TransparencyConfig(AppConfig):
    name = "commonwatch.capabilities.transparency"
    label = "transparency"
    default_auto_field = "django.db.models.AutoField"

    def ready(self) -> None:
        from commonwatch.base.journal.examine import further
        from commonwatch.capabilities.transparency.queries import examine

        further.append(examine)
