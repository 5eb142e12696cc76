"""Reads: a session and a filter in; rows, shapes and dataclasses out. No Flask, no writing."""
