"""Hypothesis for the rules: a slow machine fails no test, and no file is written."""

from hypothesis import settings

settings.register_profile("kapteam", deadline=None, database=None, print_blob=True)
settings.load_profile("kapteam")
