"""What ``data=`` may be, and how it is converted so that it can be sent to workers."""

from trimma.data.portable import portable

__all__ = ["portable"]
