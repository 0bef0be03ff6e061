"""The children of tests/house/hostile_files, for files that ask for much."""

from tests.house.hostile_files.conftest import project, run  # noqa: F401
