"""Becoming an official by a link."""
