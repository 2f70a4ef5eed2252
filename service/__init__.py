"""Passerelle: events and workshops of a campus, booked, confirmed and kept true."""
