"""STIX 2.1 Patterning (section 9): reading, repairing, planning and evaluating patterns. Pure.

`parse` makes a `Reading` of a text: the pattern, what was repaired in it, or the problem with its place. `plain_values` says
which patterns are mere lists of values. `plan` splits a pattern into brackets and the temporal part around them; `matches`
evaluates it over observations to the letter of the specification, and `Machine` over a stream with bounded memory.
"""
