"""Addresses of a person's account: ours, and those of allauth that we use, under the names it knows them by."""

from __future__ import annotations

from allauth.account import views as account
from allauth.socialaccount import views as provider
from django.urls import include, path

from commonwatch.console.account import views

urlpatterns = [
    path("", views.preferences, name="preferences"),
    path("language/", views.speak, name="language"),
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", account.password_change, name="account_change_password"),
    path("security/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
    path("provider/", provider.connections, name="socialaccount_connections"),
    path("provider/cancelled/", provider.login_cancelled, name="socialaccount_login_cancelled"),
    path("provider/error/", provider.login_error, name="socialaccount_login_error"),
    path("provider/closed/", provider.signup, name="socialaccount_signup"),
    path("provider/leave/", views.leave_for_provider, name="leave-for-provider"),
    path("provider/<str:provider_id>/login/", views.to_provider, name="openid_connect_login"),
    path("provider/<str:provider_id>/callback/", views.from_provider, name="openid_connect_callback"),
]
