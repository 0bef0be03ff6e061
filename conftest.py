"""Hypothesis profiles. (The plugin that tests plugins is in `addopts`: here it would break suites run from afar.)"""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the profiles: `--hypothesis-profile=thorough` before a release, `quick` while writing."""
    if config.getoption("verbatim_models"):
        return  # judging a model needs no hypothesis, and its import costs as much as judging 1,000 cases
    from hypothesis import HealthCheck, settings

    quiet = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile("quick", max_examples=20, **quiet)
    settings.register_profile("default", max_examples=100, **quiet)
    settings.register_profile("thorough", max_examples=2000, **quiet)
    settings.load_profile(config.getoption("hypothesis_profile", None) or "default")
