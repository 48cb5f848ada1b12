from django.apps import AppConfig


class FederationConfig(AppConfig):
    name = "commonwatch.capabilities.federation"
    label = "federation"

    def ready(self) -> None:
        from commonwatch.base.clock import now_us
        from commonwatch.base.journal.examine import further
        from commonwatch.capabilities.federation.queries import examined

        further.append(lambda settings: examined(now_us()))
