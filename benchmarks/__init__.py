"""Measurements that print ratios; each folder says how it is run."""
