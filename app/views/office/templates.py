"""Wordings kept for the next answer."""
