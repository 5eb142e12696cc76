"""Signing in through the town's identity provider."""
