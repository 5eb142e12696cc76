"""The log of what officials did."""
