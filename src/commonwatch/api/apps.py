from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "commonwatch.api"
    label = "api"
