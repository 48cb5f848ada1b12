"""Detection's commands, as `cli` composes them. None of them loads a heavy library before it needs one."""

from commonwatch.capabilities.detection.commands.alerts import app as alerts
from commonwatch.capabilities.detection.commands.anomalies import app as anomalies
from commonwatch.capabilities.detection.commands.benign import app as benign
from commonwatch.capabilities.detection.commands.hunt import hunt
from commonwatch.capabilities.detection.commands.indicators import app as indicators
from commonwatch.capabilities.detection.commands.sightings import app as sightings
from commonwatch.capabilities.detection.commands.status import app as detection
from commonwatch.capabilities.detection.commands.telemetry import app as telemetry
from commonwatch.capabilities.detection.commands.watch import watch

__all__ = ["alerts", "anomalies", "benign", "detection", "hunt", "indicators", "sightings", "telemetry", "watch"]
