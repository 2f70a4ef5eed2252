"""Limits: how often one address or network may ask, and which form was already answered."""
