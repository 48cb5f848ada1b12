from django.apps import AppConfig


class ReleaseConfig(AppConfig):
    name = "commonwatch.base.release"
    label = "release"
    default_auto_field = "django.db.models.AutoField"

    def ready(self) -> None:
        from commonwatch.base.accounts.actions import deciders
        from commonwatch.base.clock import now_us
        from commonwatch.base.journal.backup import afterwards
        from commonwatch.base.journal.examine import further
        from commonwatch.base.journal.observers import observers
        from commonwatch.base.parties.changing import carriers
        from commonwatch.base.release.access import everybody_was_served
        from commonwatch.base.release.epochs import begin_purpose, carry_out, on_added
        from commonwatch.base.release.holders import examined

        observers.append(on_added)
        further.append(lambda settings: examined(now_us()))
        carriers.append(carry_out)
        deciders.append(begin_purpose)
        afterwards.append(everybody_was_served)
