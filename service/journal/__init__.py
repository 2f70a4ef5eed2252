"""The journal: who did what, by kind and id."""
