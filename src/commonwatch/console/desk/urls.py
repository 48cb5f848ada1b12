"""Addresses of a person's desk."""

from __future__ import annotations

from django.urls import path

from commonwatch.console.desk import mail, views, work

urlpatterns = [
    path("notices/", views.choose, name="notices"),
    path("mail/again/", mail.send_again, name="send-mail-link-again"),
    path("mail/back/", mail.take_back, name="take-mail-back"),
    path("mail/<str:link>/", mail.confirm, name="confirm-mail"),
    path("bell/", views.bell, name="bell"),
    path("views/", views.save, name="save-view"),
    path("views/<int:number>/", views.change, name="change-view"),
    path("views/<int:number>/remove/", views.remove, name="remove-view"),
    path("work/<int:number>/", work.work, name="work"),
    path("here/", views.who_is_here, name="presence"),
]
