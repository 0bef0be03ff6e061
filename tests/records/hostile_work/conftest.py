"""The children of tests/house/hostile_files, for files that ask for much."""

from tests.house.hostile_files.conftest import launcher, project, run  # noqa: F401
