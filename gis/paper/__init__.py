"""Paper sheets: their geometry in millimetres, and their drawing as a PDF."""
