from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "commonwatch.console"
    label = "console"
