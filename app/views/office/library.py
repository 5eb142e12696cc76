"""Sets of categories and questions to copy."""
