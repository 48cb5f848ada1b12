from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "commonwatch.console"
    label = "console"

    def ready(self) -> None:
        from commonwatch.console.account import recording

        recording.start()
