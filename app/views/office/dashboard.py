"""A map in numbers: days, channels, events, who is missing."""
