"""What a member may be told of an object that it received: under which conditions, and by which of the rules it may see.

What it did not receive does not exist for it: the answer is that for an id that nobody holds.
"""

from __future__ import annotations

from typing import Any

import msgspec

from commonwatch.base.parties.models import Member
from commonwatch.base.parties.visibility import agreements
from commonwatch.base.release.access import access_of
from commonwatch.base.release.collections import CollectionView, visible_collections
from commonwatch.base.release.explain import Asking, held_entry, no_object
from commonwatch.base.release.models import Recall
from commonwatch.base.release.pages import ManifestRow, manifest_page
from commonwatch.base.release.reader import Reader
from commonwatch.core.errors import InvalidInput
from commonwatch.core.policy.book import Policy
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.taxii.filters import ObjectFilter


def conditions(reader: Reader, identity: str) -> dict[str, Any]:
    """The conditions under which the reader's member received an object; raises NotFound."""
    _, row = _received(reader, identity)
    asking = Asking(reader.purpose)
    name = Member.objects.get(pk=reader.member).name
    found = asking.explain(held_entry(row[6], identity), name)
    known = agreement_names(reader)
    rules = [
        reason
        for gate in found.decision.gates
        for reason in gate.reasons
        if may_see(asking.world.book.policies[reason.policy], name, known)
    ]
    return {
        "object": identity,
        "recipient": name,
        "purpose": reader.purpose,
        "outcome": found.outcome,
        "variant": found.decision.variant,
        "obligations": msgspec.to_builtins(found.decision.obligations),
        "rules": msgspec.to_builtins(rules),
    }


def agreement_names(reader: Reader) -> frozenset[str]:
    """Names of the agreements of which the reader may know."""
    return frozenset(agreements(reader).values_list("name", flat=True))


def may_see(policy: Policy, member: str, known_agreements: frozenset[str]) -> bool:
    """The partnership's rules and the law are for all; of agreements and members' own rules, not everybody may know."""
    layer, _, rest = policy.id.partition("/")
    if layer == "agreement":
        return rest in known_agreements
    return layer != "member" or rest.split("/")[0] == member


def collection_of(reader: Reader, identity: str) -> CollectionView:
    """The first collection in which the reader has an object; raises NotFound."""
    return _received(reader, identity)[0]


def _received(reader: Reader, identity: str) -> tuple[CollectionView, ManifestRow]:
    named = parse_id(identity)
    if named is None:
        raise InvalidInput("id-malformed", f"{identity} is no STIX id.", "Give type--UUID.")
    access, wanted = access_of(reader), ObjectFilter(ids=(named,))
    for view in visible_collections(reader):
        found = manifest_page(access, view.slot, wanted, 1, None) if view.can_read else []
        if found and found[0][6]:  # a notice that it was taken back has no entry
            return view, found[0]
    raise no_object(identity)


def unanswered(reader: Reader) -> int:
    """How many recalls to the reader's member wait for its answer."""
    return Recall.objects.filter(member=reader.member, answered_us=None, lifted_us=None).count()
