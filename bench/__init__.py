"""Benchmarks: each measures us and a reference in the same run and prints the ratio."""
