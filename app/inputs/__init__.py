"""Requests, files and forms, turned into frozen dataclasses or refused with what is wrong."""
