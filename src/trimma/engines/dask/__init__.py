"""Trials on Dask."""
