from django.apps import AppConfig


class ReleaseConfig(AppConfig):
    name = "commonwatch.base.release"
    label = "release"
    default_auto_field = "django.db.models.AutoField"

    def ready(self) -> None:
        from commonwatch.base.accounts.actions import deciders
        from commonwatch.base.journal.observers import observers
        from commonwatch.base.parties.changing import carriers
        from commonwatch.base.release.epochs import begin_purpose, carry_out, on_added

        observers.append(on_added)
        carriers.append(carry_out)
        deciders.append(begin_purpose)
