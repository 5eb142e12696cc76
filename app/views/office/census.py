"""The town's census."""
