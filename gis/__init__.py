"""Geometry, paper and statistics of emotional maps: pure functions that know no web, no SQL and no users."""
