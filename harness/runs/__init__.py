"""The work of a run: requests from cases, answers from cassettes or endpoints, verdicts, and the run record."""
