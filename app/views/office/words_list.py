"""The words a town minds, and those it lets pass."""
