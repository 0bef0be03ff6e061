"""Intervals, paired tests, power, drift: numbers in, small frozen answers out. No records, no disk."""
