"""The script of the empty page."""
