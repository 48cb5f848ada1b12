"""`commonwatch party`, `community`, `agreement` and `country`."""

from commonwatch.base.parties.commands.agreements import app as agreements
from commonwatch.base.parties.commands.communities import app as communities
from commonwatch.base.parties.commands.countries import app as countries
from commonwatch.base.parties.commands.members import app as members

__all__ = ["agreements", "communities", "countries", "members"]
