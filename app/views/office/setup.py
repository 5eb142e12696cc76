"""The map editor: from the first idea to the open map, section by section."""
