"""Many slices at once: which differences are worth a look."""

from __future__ import annotations

from collections.abc import Sequence


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values (Benjamini & Hochberg 1995), in the order given.

    Keeping the slices at or below q keeps the expected share of false ones among them at q or less.
    """
    from scipy.stats import false_discovery_control

    if not p_values:
        return ()
    return tuple(float(p) for p in false_discovery_control(list(p_values)))
