"""Drawings of 24 by 24, one line thick, in the colour of the text beside them."""

from __future__ import annotations

ICONS = {
    "overview": '<path d="M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z"/>',
    "intelligence": '<circle cx="11" cy="11" r="6"/><path d="m20 20-4.6-4.6M11 8v6M8 11h6"/>',
    "sharing": '<circle cx="6" cy="12" r="2.5"/><circle cx="18" cy="6" r="2.5"/><circle cx="18" cy="18" r="2.5"/>'
    '<path d="m8.3 10.9 7.4-3.8M8.3 13.1l7.4 3.8"/>',
    "detection": '<path d="M3 12h4l3-7 4 14 3-7h4"/>',
    "response": '<circle cx="12" cy="12" r="8"/><circle cx="12" cy="12" r="3"/><path d="m6.5 6.5 3.3 3.3M17.5 6.5l-3.3 3.3M6.5 17.5l3.3-3.3M17.5 17.5l-3.3-3.3"/>',
    "partnership": '<circle cx="8" cy="9" r="3"/><circle cx="17" cy="10" r="2.3"/>'
    '<path d="M2.5 19c.6-3.2 2.8-5 5.5-5s4.9 1.8 5.5 5M15 15c3-.4 5.6 1 6.5 4"/>',
    "administration": '<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>',
    "search": '<circle cx="11" cy="11" r="6"/><path d="m20 20-4.6-4.6"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "person": '<circle cx="12" cy="8" r="3.5"/><path d="M5 20c.8-4 3.5-6 7-6s6.2 2 7 6"/>',
    "leave": '<path d="M14 4h5v16h-5M4 12h10M10 8l4 4-4 4"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "columns": '<path d="M4 5h16v14H4zM10 5v14M15 5v14"/>',
    "filter": '<path d="M4 6h16M7 12h10M10 18h4"/>',
    "done": '<path d="m5 12.5 4.5 4.5L19 7"/>',
    "problem": '<path d="M12 4 3 20h18zM12 10v5M12 17.5v.5"/>',
    "notice": '<circle cx="12" cy="12" r="8"/><path d="M12 11v5M12 8v.5"/>',
    "next": '<path d="m9 6 6 6-6 6"/>',
    "take": '<path d="M12 4v11M7 11l5 5 5-5M5 20h14"/>',
    "print": '<path d="M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z"/>',
    "key": '<circle cx="8" cy="15" r="4"/><path d="m11 12 8-8M16 7l3 3"/>',
    "bell": '<path d="M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 20h4"/>',
    "save": '<path d="M7 4h10v16l-5-4-5 4z"/>',
}
