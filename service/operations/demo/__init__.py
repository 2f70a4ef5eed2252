"""The demonstration: a season of a campus with invented people, and every situation that a booking may be in."""

from service.operations.demo.loading import load
from service.operations.demo.staffing import organiser

__all__ = ["load", "organiser"]
