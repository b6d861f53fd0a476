"""What ``data=`` may be, and how it is brought into a form that can go to workers."""

from trimma.data.portable import portable

__all__ = ["portable"]
