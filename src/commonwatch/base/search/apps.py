from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "commonwatch.base.search"
    label = "search"
    default_auto_field = "django.db.models.AutoField"

    def ready(self) -> None:
        from commonwatch.base.release.serving import readable
        from commonwatch.base.search.schema import READABLE

        readable.extend(READABLE)
