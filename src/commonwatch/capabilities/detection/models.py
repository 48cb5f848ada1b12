"""Detection's tables: indicators as this member has them, benign lists, telemetry and its positions, alerts and their triage.

Everything about indicators follows from the journal and can be made again. Alerts and what people said of them cannot:
they are this node's own, and never leave it; only a sighting or opinion does, through intake and release.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class State(models.TextChoices):
    """Where an indicator stands, apart from its dates."""

    IN_FORCE = "in-force"
    UNEXECUTABLE = "unexecutable"  # `reason` says why no matcher can read it
    WITHHELD = "withheld"  # release does not grant it to this member
    REVOKED = "revoked"
    SUPERSEDED = "superseded"  # its author has published a newer version by itself
    RECALLED = "recalled"
    WITHDRAWN = "withdrawn"  # it stands in no collection any more
    ERASED = "erased"


class ReleaseTerms(models.Model):
    """What goes with a release class for this node's own member, as last looked up."""

    klass = models.IntegerField(primary_key=True)
    granted = models.BooleanField()
    tlp = models.SmallIntegerField()
    pap = models.SmallIntegerField()
    obligations = models.JSONField(default=list)
    author = models.CharField(max_length=60, blank=True)
    voucher = models.CharField(max_length=60, blank=True)
    owner = models.CharField(max_length=100, blank=True)

    class Meta:
        db_table = "detection_terms"


class Indicator(models.Model):
    """The current version of an indicator as one voucher brought it. Its number is what matchers call an entry."""

    stix_id = models.CharField(max_length=300)
    voucher = models.CharField(max_length=60)
    author = models.CharField(max_length=60, blank=True)
    version_us = models.BigIntegerField()
    seq = models.BigIntegerField(db_index=True)  # the journal entry of that version
    terms = models.ForeignKey(ReleaseTerms, on_delete=models.PROTECT, db_column="klass")
    state = models.CharField(max_length=16, choices=State)
    reason = models.TextField(default="", blank=True)
    generation = models.BigIntegerField()  # the journal entry that last changed it
    change = models.BigIntegerField(db_index=True)  # rises with every change of any row, also those without an entry
    name = models.CharField(max_length=300, default="", blank=True)
    pattern_type = models.CharField(max_length=20, default="", blank=True)  # values, stix, sigma, yara
    pattern = models.TextField(default="", blank=True)  # what a matcher compiles; empty for `values`
    category = models.CharField(max_length=60, default="", blank=True)
    confidence = models.SmallIntegerField(null=True)
    valid_from_us = models.BigIntegerField(null=True)
    valid_until_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "detection_indicator"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["stix_id", "voucher"], name="detection_indicator_once")
        ]


class IndicatorValue(models.Model):
    """A plain value that an indicator names."""

    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="values")
    kind = models.CharField(max_length=20)
    text = models.TextField()
    digest = models.BigIntegerField(db_index=True)  # of kind and text: a text may be longer than an index takes

    class Meta:
        db_table = "detection_value"


class Saying(models.Model):
    """A sighting, or a word that an indicator was wrong, by somebody in the partnership, as far as this member may see it."""

    class Kind(models.TextChoices):
        SIGHTING = "sighting"
        FALSE_POSITIVE = "false-positive"
        CONFIRMATION = "confirmation"  # an opinion that agrees

    said_id = models.CharField(max_length=300)  # of the sighting or opinion
    about = models.CharField(max_length=300, db_index=True)  # STIX id of the indicator
    kind = models.CharField(max_length=20, choices=Kind)
    by = models.CharField(max_length=60)
    count = models.BigIntegerField(default=1)
    first_us = models.BigIntegerField(null=True)
    last_us = models.BigIntegerField(null=True)
    version_us = models.BigIntegerField()
    seq = models.BigIntegerField(db_index=True)

    class Meta:
        db_table = "detection_saying"
        constraints: ClassVar = [models.UniqueConstraint(fields=["said_id", "about"], name="detection_saying_once")]


class Recalled(models.Model):
    """An object that its author or voucher asked this member to drop: entries up to `seq` stay out of force."""

    about = models.CharField(max_length=300, db_index=True)
    by = models.CharField(max_length=60)
    seq = models.BigIntegerField()

    class Meta:
        db_table = "detection_recalled"


class Index(models.Model):
    """One row: how far the indicators have come, and the world by which they were last looked at."""

    change = models.BigIntegerField(default=0)
    generation = models.BigIntegerField(default=0)
    epoch = models.BigIntegerField(default=0)
    made = models.CharField(max_length=32)  # drawn when the rows were made anew: their numbers are others then

    class Meta:
        db_table = "detection_index"


class BenignList(models.Model):
    """A list of values that are known to be harmless or shared, and what a match with it does."""

    class Effect(models.TextChoices):
        SUPPRESS = "suppress"  # the record is kept, but no alert by itself
        LOWER = "lower"  # the alert is less severe
        INFORM = "inform"  # the alert says so

    name = models.CharField(max_length=100, unique=True)
    title = models.TextField(default="", blank=True)
    version = models.CharField(max_length=40, default="", blank=True)
    effect = models.CharField(max_length=10, choices=Effect)  # of a value that is listed itself
    form = models.CharField(max_length=10)  # string, hostname, cidr, substring
    shared = models.BooleanField(default=False)  # below its names anybody can have one
    added_us = models.BigIntegerField()
    actor = models.CharField(max_length=200)

    class Meta:
        db_table = "detection_benign_list"


class BenignEntry(models.Model):
    """An entry of such a list as it was written, and the key it is found by."""

    benign = models.ForeignKey(BenignList, on_delete=models.CASCADE, related_name="entries")
    key = models.CharField(max_length=300, db_index=True)

    class Meta:
        db_table = "detection_benign_entry"


class TelemetrySource(models.Model):
    """Telemetry that the worker watches and that hunts can name."""

    name = models.CharField(max_length=100, unique=True)
    place = models.TextField()  # a file, folder, `-`, nats://..., syslog+udp://...
    mapping = models.CharField(max_length=100, default="", blank=True)  # empty: found by looking
    live = models.BooleanField(default=True)  # the worker watches it
    added_us = models.BigIntegerField()
    actor = models.CharField(max_length=200)
    events = models.BigIntegerField(default=0)
    hits = models.BigIntegerField(default=0)
    dirty = models.BigIntegerField(default=0)
    last_event_us = models.BigIntegerField(null=True)
    read_us = models.BigIntegerField(null=True)
    trouble = models.TextField(default="", blank=True)
    hunted = models.BigIntegerField(default=0)  # change of indicators up to which stored events were tried again
    anomalies = models.BooleanField(default=True)  # the live watch feeds the online models
    names = models.CharField(max_length=100, default="", blank=True)  # the model of generated names that it uses

    class Meta:
        db_table = "detection_telemetry"


class Position(models.Model):
    """How far live telemetry was read, committed together with the alerts of what was read."""

    source = models.CharField(max_length=1000, primary_key=True)  # its name, or its place where it has none
    position = models.JSONField()
    updated_us = models.BigIntegerField()

    class Meta:
        db_table = "detection_position"


class PatternMemory(models.Model):
    """What a pattern over several events remembers, committed together with the positions of what was read."""

    owner = models.CharField(max_length=64)  # which watch
    family = models.CharField(max_length=10)  # stix, sigma
    identity = models.CharField(max_length=400)  # STIX id and voucher of its indicator
    name = models.CharField(max_length=64)  # digest of the pattern
    state = models.BinaryField(default=b"")  # empty where nothing usable is kept
    trouble = models.TextField(default="", blank=True)
    updated_us = models.BigIntegerField()

    class Meta:
        db_table = "detection_memory"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "family", "identity", "name"], name="detection_memory_once")
        ]


class Anomaly(models.Model):
    """Something unusual that the live watch noticed, with what made it so. Says nothing of malice."""

    source = models.CharField(max_length=1000, db_index=True)
    at_us = models.BigIntegerField(db_index=True)  # the event's time, or the beginning of the window
    entity = models.CharField(max_length=300)
    model = models.CharField(max_length=20)  # online, first seen, generated name
    about = models.TextField(default="", blank=True)  # the log, the value, the name
    key = models.CharField(max_length=64, unique=True)  # digest of what tells it from all others
    score = models.FloatField()
    threshold = models.FloatField()
    reasons = models.JSONField(default=list)  # feature, sentence, weight
    noticed_us = models.BigIntegerField()

    class Meta:
        db_table = "detection_anomaly"


class Verdict(models.TextChoices):
    """What a person says an alert was."""

    OPEN = "open"
    TRUE = "true"
    FALSE = "false"
    BENIGN = "benign"
    UNKNOWN = "unknown"


class Alert(models.Model):
    """Hits of one object on one entity of one source within one day, with why it counts or does not."""

    stix_id = models.CharField(max_length=300, db_index=True)
    voucher = models.CharField(max_length=60)
    source = models.CharField(max_length=1000)
    entity = models.CharField(max_length=300)
    window_us = models.BigIntegerField()
    key = models.CharField(max_length=64, unique=True)  # digest of the five above
    name = models.CharField(max_length=300, default="", blank=True)
    author = models.CharField(max_length=60, blank=True)
    tlp = models.SmallIntegerField()
    pap = models.SmallIntegerField()
    obligations = models.JSONField(default=list)
    value = models.TextField(default="", blank=True)  # what matched, of the first hit
    count = models.BigIntegerField(default=0)
    first_us = models.BigIntegerField(null=True)
    last_us = models.BigIntegerField(null=True)
    generation = models.BigIntegerField()  # of the indicators at the first hit
    score = models.SmallIntegerField()
    severity = models.CharField(max_length=10)  # high, medium, low, none
    suppressed = models.BooleanField(default=False, db_index=True)
    reasons = models.JSONField(default=list)  # why this score, and why suppressed
    samples = models.JSONField(default=list)  # log lines: place, record, time, column, value, text
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.OPEN, db_index=True)
    raised_us = models.BigIntegerField(db_index=True)
    changed_us = models.BigIntegerField()

    class Meta:
        db_table = "detection_alert"


class AlertRecord(models.Model):
    """An event that an alert has counted: seen again, live or in a hunt, it is not counted again."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="records")
    event = models.BigIntegerField()  # digest of its place and record number

    class Meta:
        db_table = "detection_alert_record"
        constraints: ClassVar = [models.UniqueConstraint(fields=["alert", "event"], name="detection_record_once")]


class Triage(models.Model):
    """Something a person said of an alert. Appended to; an undo is a row of its own."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="history")
    verdict = models.CharField(max_length=10, choices=Verdict)
    note = models.TextField(default="", blank=True)
    undoes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="undone_by")
    actor = models.CharField(max_length=200)
    at_us = models.BigIntegerField()

    class Meta:
        db_table = "detection_triage"


class Told(models.Model):
    """What the author of an object was told of an alert, or why nothing was."""

    class Outcome(models.TextChoices):
        SENT = "sent"
        REFUSED = "refused"
        REVOKED = "revoked"

    alert = models.OneToOneField(Alert, on_delete=models.CASCADE, related_name="told")
    object_id = models.CharField(max_length=300)  # of the sighting or opinion
    outcome = models.CharField(max_length=10, choices=Outcome)
    to = models.CharField(max_length=100)  # the member that answers for the object
    reasons = models.JSONField(default=list)
    created = models.CharField(max_length=40, blank=True)
    value = models.JSONField(default=dict)  # as it was sent last
    at_us = models.BigIntegerField()

    class Meta:
        db_table = "detection_told"
