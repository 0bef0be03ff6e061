"""The figures behind docs/hunt.md. Fixed seeds: a run with one version of hypothesis prints the same table."""
