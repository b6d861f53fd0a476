"""Trials on Apache Spark."""
