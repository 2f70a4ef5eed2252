"""What companies propose: from a draft to the event that comes of it, and what its host hears."""
