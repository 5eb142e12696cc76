"""The ground under the pins: presets, templates and files, with a live look."""
