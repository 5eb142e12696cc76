"""The second factor of an official's account."""
