"""The figures behind docs/statistics.md, docs/gate.md and docs/drift.md.

Fixed seeds: a run prints the same tables.
"""
