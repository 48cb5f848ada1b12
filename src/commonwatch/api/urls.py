"""Addresses of the API: its routes, its readable page, and an answer in its own shape for everything else."""

from __future__ import annotations

from django.urls import path, re_path

from commonwatch.api.composing import api
from commonwatch.api.views import nothing, page

urlpatterns = [path("v1/docs", page, name="api-page"), path("v1/", api.urls), re_path(".*", nothing)]
