"""The areas of the console, in the order of the navigation. A new area is one line here."""

from __future__ import annotations

from commonwatch.console.administration.area import AREA as ADMINISTRATION
from commonwatch.console.detection.area import AREA as DETECTION
from commonwatch.console.intelligence.area import AREA as INTELLIGENCE
from commonwatch.console.overview.area import AREA as OVERVIEW
from commonwatch.console.partnership.area import AREA as PARTNERSHIP
from commonwatch.console.response.area import AREA as RESPONSE
from commonwatch.console.sharing.area import AREA as SHARING
from commonwatch.console.shell.areas import Area

AREAS: tuple[Area, ...] = (OVERVIEW, INTELLIGENCE, SHARING, DETECTION, RESPONSE, PARTNERSHIP, ADMINISTRATION)
