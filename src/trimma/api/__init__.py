"""The front door: the functions that users call, and the handles of studies."""
