"""What an operator asks before and after each change: whether all is well, here and around us."""
