from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "commonwatch.base.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.AutoField"
