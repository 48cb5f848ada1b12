"""Addresses of intelligence."""

from __future__ import annotations

from django.urls import path

from commonwatch.console.intelligence import audience, finding, graph, history, matrix, objects, relations, writing

urlpatterns = [
    path("", finding.objects, name="objects"),
    path("values/", finding.values, name="values"),
    path("matrix/", matrix.matrix, name="matrix"),
    path("new/", writing.new, name="object-write"),
    path("new/<str:kind>/", writing.new, name="object-new"),
    path("new/<str:kind>/audience/", writing.audience, name="draft-audience"),
    path("<str:identity>/", objects.summary, name="object"),
    path("<str:identity>/relations/", relations.relations, name="object-relations"),
    path("<str:identity>/graph/", graph.graph, name="object-graph"),
    path("<str:identity>/versions/", history.versions, name="object-versions"),
    path("<str:identity>/timeline/", history.timeline, name="object-timeline"),
    path("<str:identity>/sightings/", history.sightings, name="object-sightings"),
    path("<str:identity>/audience/", audience.audience, name="object-audience"),
    path("<str:identity>/original/", objects.original, name="object-original"),
    path("<str:identity>/original/download/", objects.download, name="object-download"),
    path("<str:identity>/edit/", writing.edit, name="object-edit"),
    path("<str:identity>/published/", writing.published, name="object-published"),
    path("<str:identity>/revoke/", writing.revoke, name="object-revoke"),
    path("<str:identity>/undo/", writing.undo, name="object-undo"),
]
