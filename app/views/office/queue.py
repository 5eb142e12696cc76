"""The queue: what should be looked at, and why."""
