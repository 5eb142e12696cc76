"""What the pins say together: surfaces, scales and their meaning."""
