"""Adaptive repeats: looks at growing data, after which some components need no more repeats."""
