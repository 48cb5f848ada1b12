"""How large a pattern may be. Patterns come from outside: every cost below is linear in these."""

LONGEST = 1_000_000  # characters; the longest seen in public feeds has 60,000
MOST_NESTED = 40  # parentheses inside parentheses: five calls of the reader each
MOST_TERMS = 20_000  # comparisons and constants of lists; 500 values in one OR are common, 2,500 occur
MOST_BRACKETS = 2_000  # observation expressions in one pattern
MOST_STEPS = 64  # steps of one object path
MOST_REPEATS = 10_000  # REPEATS n TIMES that may be executed; n hits have to be remembered
LONGEST_WITHIN_SECONDS = 100 * 366 * 86_400  # a century: longer than any telemetry is kept
LONGEST_REGEX = 10_000  # characters
REGEX_BYTES = 4 << 20  # what one compiled regular expression may take
