"""What a browser says it is, in words a person knows: "Firefox, Windows".

Only names of this list come out: what a stranger sends in the header is nowhere stored.
"""

from __future__ import annotations

from typing import Final

BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("SeznamBrowser/", "Seznam"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", "Python"),
)
"""By what they call themselves; one that pretends to be another comes before it."""
SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def browser_words(user_agent: str) -> str:
    """Browser and system, as far as they say; empty for nothing known."""
    said = [
        next((name for sign, name in known if sign.lower() in user_agent.lower()), "")
        for known in (BROWSERS, SYSTEMS)
    ]
    return ", ".join(word for word in said if word)
