"""What authors' signatures cost, in CPU time of this process: looking for one, signing, verifying, and taking objects in.

`.venv/bin/python -m bench.authorship`; objects as in `bench.objects`, one node on SQLite in a folder of its own.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable

COUNT = 20_000
ROUNDS = 5


def cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU time of one call, the median of several."""
    spent = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return statistics.median(spent)


def main() -> None:
    """Print a table."""
    with tempfile.TemporaryDirectory(prefix="commonwatch-bench-") as folder:
        os.environ["COMMONWATCH_DATA"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "commonwatch.site.settings"
        import django

        django.setup()
        _measure()


def _measure() -> None:
    import orjson

    from bench import objects
    from commonwatch.base.clock import now_us
    from commonwatch.base.intake.authorship import Authorship
    from commonwatch.base.intake.receive import Channel, receive
    from commonwatch.base.intake.sources import ensure_source
    from commonwatch.base.parties.actions import By
    from commonwatch.base.parties.key_histories import take_statements
    from commonwatch.cli.node import close, prepare
    from commonwatch.core.signing.keys import SigningKey
    from commonwatch.core.signing.objects import sign_object
    from commonwatch.core.signing.statements import Statement, Vouched, sign_statement
    from commonwatch.core.stix.judge import judge
    from commonwatch.core.stix.values import Admissible, Piece

    prepare()
    key = SigningKey(b"bench" + bytes(27))
    first = Statement(member=objects.AUTHOR, number=1, previous="", act="introduce", at_us=1, key=key.public.text)
    signed_first = sign_statement(first, [key])
    take_statements(objects.AUTHOR, [signed_first], By("bench", now_us()), Vouched(frozenset([first.digest()])))
    now, source = now_us(), ensure_source("bench", "TLP:GREEN")
    channel = Channel(source.pk, "TLP:GREEN", objects.AUTHOR, "bench", (1,))
    raws = [objects.one(number) for number in range(COUNT)]
    values = [orjson.loads(raw) for raw in raws]
    authored = [value for value in values if "created_by_ref" in value]
    signed = [orjson.dumps(sign_object(value, key, now)) for value in authored]

    def judged(given: list[bytes]) -> list[Admissible]:
        found = [judge(Piece(raw, ""), now, 10**12, 10**7) for raw in given]
        return [one for one in found if isinstance(one, Admissible)]

    plain, sealed = judged(raws), judged(signed)

    def marks(given: list[Admissible]) -> None:
        authorship = Authorship(now)
        assert all(isinstance(authorship.marks(one), int) for one in given)

    def take(given: list[bytes]) -> float:
        started = time.process_time()
        for at in range(0, len(given), 1_000):
            receive([Piece(raw, "") for raw in given[at : at + 1_000]], channel, now_us()).result()
        return (time.process_time() - started) / len(given) * 1e6

    rows = [
        ("checks of one object (judge)", cpu(lambda: judged(raws)) / COUNT),
        ("looking for a signature where there is none", cpu(lambda: marks(plain)) / COUNT),
        ("signing", cpu(lambda: [sign_object(value, key, now) for value in authored]) / len(authored)),
        ("verifying", cpu(lambda: marks(sealed)) / len(sealed)),
    ]
    for name, seconds in rows:
        print(f"{name:<45} {seconds * 1e6:8.2f} us   {1 / seconds:12,.0f}/s")
    unsigned_us = take([objects.one(COUNT + number) for number in range(COUNT)])
    signed_us = take(
        [
            orjson.dumps(sign_object(value, key, now))
            for value in (orjson.loads(objects.one(2 * COUNT + number)) for number in range(COUNT))
            if "created_by_ref" in value
        ]
    )
    print(f"{'taking in, unsigned':<45} {unsigned_us:8.2f} us")
    print(f"{'taking in, signed':<45} {signed_us:8.2f} us")
    close()


if __name__ == "__main__":
    main()
