"""What the frame itself shows in the console."""

from backoffice.console import people

__all__ = ["people"]
