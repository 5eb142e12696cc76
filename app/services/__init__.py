"""Writes and workflows: a session and data in; they flush and never commit. No Flask."""
