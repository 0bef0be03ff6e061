"""Verdicts over stored runs: (records, policy, date) in, an answer out. No disk, no clock, no network."""
