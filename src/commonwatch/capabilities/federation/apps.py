from django.apps import AppConfig


class FederationConfig(AppConfig):
    name = "commonwatch.capabilities.federation"
    label = "federation"
