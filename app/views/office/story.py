"""The story of a finished map, as the town tells it."""
