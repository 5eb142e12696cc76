"""The council report of a map."""
