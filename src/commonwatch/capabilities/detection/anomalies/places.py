"""Where models and what the live watch learned lie in the data folder, and whether this node can use them."""

from __future__ import annotations

from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from commonwatch.core.errors import InvalidInput, NotFound


def model_folder(name: str) -> Path:
    """Where a model lies; raises InvalidInput for what is no name of one."""
    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        raise InvalidInput("model-name", f"{name} is no name for a model.", "Use letters, digits, - and _.")
    folder: Path = settings.COMMONWATCH.data / "models" / name
    return folder


def check_names(name: str) -> None:
    """Raises NotFound where there is no such model of generated names; none is fine."""
    if name and not model_folder(name).is_dir():
        raise NotFound("model-absent", f"There is no model {name}.", "See `commonwatch anomalies train-names`.")


def learned_folder() -> Path:
    """What the live watch learned, source by source."""
    folder: Path = settings.COMMONWATCH.data / "detection" / "anomalies"
    return folder


def learned_path(source: str) -> Path:
    """What it learned of one source."""
    return learned_folder() / f"{blake2b(source.encode(), digest_size=10).hexdigest()}.learned"


def forget(source: str) -> None:
    """Drop what was learned of a source."""
    for path in (learned_path(source), learned_path(source).with_suffix(".json")):
        path.unlink(missing_ok=True)


def why_off() -> str:
    """Why nothing can be learned here; empty where it can."""
    if find_spec("sklearn") is None or find_spec("lightgbm") is None:
        return "Live anomalies are off: this node lacks the extra `learning`. Install it: ./run install learning"
    return ""
