"""What the town says: answers for pins and places."""
