"""Fits the additive model of arm and repeat to observations, and estimates the noise in several ways."""
