"""The node's settings, but with the database that the parent test uses."""

from __future__ import annotations

import os

from commonwatch.site.settings import *
from commonwatch.site.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ.pop("COMMONWATCH_TEST_NAME")
