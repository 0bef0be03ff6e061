"""The hunt: strings that a model does not give back, made small. Pure of pytest and of the runner.

The faces give it an oracle (`asking.Oracle`); everything else is decided here. `codes` and `probes` are hypothesis
strategies for property tests of one's own: `from harness.hunt import codes, probes`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.hunt.probe import Code, Context, Probe
    from harness.hunt.strategies import codes, probes

__all__ = ["Code", "Context", "Probe", "codes", "probes"]


def __getattr__(name: str) -> Any:
    """Hypothesis is imported where a strategy is asked for, and not before."""
    if name in ("codes", "probes"):
        from harness.hunt import strategies

        return getattr(strategies, name)
    if name in ("Code", "Context", "Probe"):
        from harness.hunt import probe

        return getattr(probe, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
