"""Events of a map, with their posters and slips."""
