"""Addresses of detection."""

from __future__ import annotations

from django.urls import path

from commonwatch.console.detection import alerts, anomalies, feedback, hunts, in_force, lists, telemetry

urlpatterns = [
    path("", alerts.alerts, name="alerts"),
    path("alerts/<int:number>/", alerts.alert, name="alert"),
    path("alerts/<int:number>/triage/", alerts.triage, name="alert-triage"),
    path("alerts/<int:number>/undo/", alerts.undo, name="alert-undo"),
    path("alerts/triage/<str:verdict>/", alerts.triage_many, name="alerts-triage"),
    path("alerts/undo/", alerts.undo_many, name="alerts-undo"),
    path("anomalies/", anomalies.anomalies, name="anomalies"),
    path("anomalies/<int:number>/", anomalies.anomaly, name="anomaly"),
    path("hunts/", hunts.listing, name="hunts"),
    path("hunts/new/", hunts.new, name="hunt-new"),
    path("hunts/<int:number>/", hunts.one, name="hunt"),
    path("hunts/<int:number>/end/", hunts.end, name="hunt-end"),
    path("feedback/", feedback.feedback, name="feedback"),
    path("feedback/<str:identity>/", feedback.of_object, name="feedback-of"),
    path("in-force/", in_force.in_force, name="in-force"),
    path("in-force/unusable/", in_force.unusable, name="unusable"),
    path("in-force/withheld/", in_force.withheld, name="withheld"),
    path("telemetry/", telemetry.telemetry, name="telemetry"),
    path("telemetry/add/", telemetry.add, name="telemetry-add"),
    path("telemetry/<str:name>/remove/", telemetry.remove, name="telemetry-remove"),
    path("telemetry/<str:name>/learn/", anomalies.switch, {"on": True}, name="learning-on"),
    path("telemetry/<str:name>/ignore/", anomalies.switch, {"on": False}, name="learning-off"),
    path("lists/", lists.lists, name="lists"),
    path("lists/allow/", lists.allow, name="list-allow"),
    path("lists/forbid/", lists.forbid, name="list-forbid"),
    path("lists/<str:form>/<str:name>/", lists.made, name="list-made"),
]
