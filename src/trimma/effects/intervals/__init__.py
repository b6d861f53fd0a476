"""Simultaneous intervals and adjusted p, from estimated differences and their covariance."""
