"""``make bench``: what the service costs, against the same work without it, in one run."""
