"""Bookings: seats taken and given back, and what the booker is told."""
