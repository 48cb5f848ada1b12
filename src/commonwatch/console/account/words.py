"""What the sign-in package says on its forms and of what was typed wrong, for those of our languages that it has no words for.

It looks each up by its English text; standing here puts them into our catalogues.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

WORDS = (
    _("Authenticator code"),
    _("Current Password"),
    _("New Password"),
    _("New Password (again)"),
    _("Passwordless"),
    _(
        "Enabling passwordless operation allows you to sign in using just this key, but imposes additional requirements such "
        "as biometrics or PIN protection."
    ),
    _("Incorrect code."),
    _("Incorrect password."),
    _("Invalid token."),
    _("Please type your current password."),
    _("The third-party account is already connected to a different account."),
    _("The username and/or password you specified are not correct."),
    _("This account is currently inactive."),
    _("Too many failed login attempts. Try again later."),
    _("You cannot deactivate two-factor authentication."),
    _("You cannot disconnect your last remaining third-party account."),
    _("Your account has no password set up."),
)
