from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "commonwatch.capabilities.contacts"
    label = "contacts"
    default_auto_field = "django.db.models.BigAutoField"
