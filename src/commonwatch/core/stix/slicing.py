"""Slicing a container whose JSON the decoder refuses: brackets and strings only, so that one bad object costs only itself.

One pass with one regular expression, no recursion: cost is linear in the length, whatever the nesting.
"""

from __future__ import annotations

import re

# A string, or one structural character. Whatever stands between them is the elements' own business.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},:]', re.DOTALL)
_OBJECTS = b'"objects"'
_CLOSING = {b"[": b"]", b"{": b"}"}


def elements(body: bytes) -> list[bytes] | None:
    """The elements of a top-level array, or of the `objects` array of a top-level object; None where brackets do not pair.

    Also None where `objects` is named twice: other programs would take the other one.
    """
    is_array = body[:1] == b"["
    depth_of_elements = 1 if is_array else 2
    open_brackets: list[bytes] = []
    key, inside, seen = b"", is_array, is_array
    found: list[bytes] = []
    start, end, found_end = 0, 0, False
    for token in _TOKEN.finditer(body):
        text = token[0]
        if found_end:
            return None  # something stands behind the container
        if text in _CLOSING:
            if len(open_brackets) == 1 and not is_array and key == _OBJECTS and text == b"[":
                if seen:
                    return None
                inside = seen = True
            open_brackets.append(_CLOSING[text])
            if inside and len(open_brackets) == depth_of_elements:
                start = token.end()
        elif text in (b"]", b"}"):
            if not open_brackets or open_brackets.pop() != text:
                return None
            if inside and len(open_brackets) == depth_of_elements - 1:
                found.append(body[start : token.start()].strip())
                inside = False
            found_end, end = not open_brackets, token.end()
        elif text == b"," and inside and len(open_brackets) == depth_of_elements:
            found.append(body[start : token.start()].strip())
            start = token.end()
        elif text[:1] == b'"' and len(open_brackets) == 1:
            key = text
    if open_brackets or not seen or body[end:].strip():
        return None
    return found if any(found) else []
