"""Events and their slots."""
