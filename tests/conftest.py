"""Settings for every test: property tests assert no timings and leave no database of examples behind."""

from hypothesis import settings

settings.register_profile("lectern", deadline=None, database=None)
settings.load_profile("lectern")
