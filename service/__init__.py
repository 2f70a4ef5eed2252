"""Passerelle: events and workshops of a campus, booked, confirmed and kept true."""

__version__ = "0.1.0"
