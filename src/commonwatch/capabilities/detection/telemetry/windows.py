"""Windows events in the shapes in which they occur, brought to one: flat, with the field names that Sigma rules use.

1. evtx_dump and Sigma's regression events: `{"Event": {"System": ..., "EventData": ...}}`.
2. Winlogbeat: `{"winlog": {"channel": ..., "event_id": ..., "event_data": ...}}`.
3. Flat: `{"EventID": 1, "Channel": ..., "Image": ...}`, as NXLog and public sets have it.

System's fields come under their own names (EventID, Channel, Provider_Name, Computer, ...); EventData's and UserData's under
theirs. Values without a name (`Data` as a list) are one text, `Data`, an entry a line.
"""

from __future__ import annotations

from typing import Any

Event = dict[str, Any]
ATTRIBUTES, TEXT = "#attributes", "#text"
DEEPEST = 8  # elements inside UserData
WINLOG = {
    "channel": "Channel",
    "event_id": "EventID",
    "provider_name": "Provider_Name",
    "provider_guid": "Provider_Guid",
    "computer_name": "Computer",
    "record_id": "EventRecordID",
    "task": "Task",
    "opcode": "Opcode",
    "level": "Level",
}
FLAT = {
    "Hostname": "Computer",
    "SourceName": "Provider_Name",
    "ProviderGuid": "Provider_Guid",
    "RecordNumber": "EventRecordID",
    "@timestamp": "SystemTime",
    "EventTime": "SystemTime",
    "TimeCreated": "SystemTime",
}


def flattened(raw: Event) -> Event:
    """Any of the shapes as one flat event."""
    event = raw.get("Event")
    if isinstance(event, dict):
        return _rendered(event)
    winlog = raw.get("winlog")
    if isinstance(winlog, dict):
        return _winlogbeat(raw, winlog)
    return _flat(raw)


def is_windows(raw: Event) -> bool:
    """Whether an event has one of the shapes."""
    event = raw.get("Event")
    if isinstance(event, dict):
        return "System" in event
    return isinstance(raw.get("winlog"), dict) or ("EventID" in raw and ("Channel" in raw or "Provider_Name" in raw))


def _rendered(event: Event) -> Event:
    flat: Event = {}
    system = event.get("System")
    if isinstance(system, dict):
        for key, value in system.items():
            if isinstance(value, dict):
                _system(key, value, flat)
            elif value is not None:
                flat[key] = value
    for part in ("EventData", "UserData", "ProcessingErrorData"):
        data = event.get(part)
        if isinstance(data, dict):
            _named(data, flat, 0)
        elif data is not None:
            flat.setdefault("Data", data)
    return flat


def _system(key: str, value: Event, flat: Event) -> None:
    """`Provider: {#attributes: {Name}}` is Provider_Name; `TimeCreated` is SystemTime."""
    if TEXT in value:
        flat[key] = value[TEXT]
    for name, inner in (value.get(ATTRIBUTES) or {}).items():
        flat["SystemTime" if name == "SystemTime" else f"{key}_{name}"] = inner


def _named(data: Event, flat: Event, depth: int) -> None:
    for key, value in data.items():
        if key == ATTRIBUTES:
            continue
        if type(value) is str:  # nearly all are
            if key not in flat:
                flat[key] = value
        elif isinstance(value, dict):
            if TEXT in value:
                flat.setdefault(key, _joined(value[TEXT]))
            elif depth < DEEPEST:
                _named(value, flat, depth + 1)
        elif isinstance(value, list):
            flat.setdefault(key, _joined(value))
        elif value is not None:
            flat.setdefault(key, value)


def _joined(value: Any) -> Any:
    return "\n".join(str(entry) for entry in value if entry is not None) if isinstance(value, list) else value


def _winlogbeat(raw: Event, winlog: Event) -> Event:
    flat: Event = {theirs: winlog[ours] for ours, theirs in WINLOG.items() if winlog.get(ours) is not None}
    for part in ("event_data", "user_data"):
        data = winlog.get(part)
        if isinstance(data, dict):
            _named(data, flat, 0)
    if isinstance(raw.get("message"), str):
        flat.setdefault("Message", raw["message"])
    flat["SystemTime"] = raw.get("@timestamp")
    return flat


def _flat(raw: Event) -> Event:
    flat: Event = {}
    for key, value in raw.items():
        name = FLAT.get(key, key)
        if isinstance(value, dict):
            value = value.get("SystemTime", value)
        if value is not None and flat.get(name) in (None, ""):
            flat[name] = value
    return flat
