"""The boundary of a map: drawn, or taken from an uploaded file."""
