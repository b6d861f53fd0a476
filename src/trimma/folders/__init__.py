"""Folders that only this user may use: held open, or temporary and cleared after a process that was killed."""
