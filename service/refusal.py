"""The root of every rule's no."""


class Refusal(Exception):
    """A rule says no. One subclass per reason, beside its verb; it carries facts, the edge finds the sentence."""
