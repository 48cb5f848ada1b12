"""Addresses of a person's desk."""

from __future__ import annotations

from django.urls import path

from commonwatch.console.desk import views, work

urlpatterns = [
    path("notices/", views.choose, name="notices"),
    path("bell/", views.bell, name="bell"),
    path("views/", views.save, name="save-view"),
    path("views/<int:number>/remove/", views.remove, name="remove-view"),
    path("work/<int:number>/", work.work, name="work"),
    path("here/", views.who_is_here, name="presence"),
]
