"""What the campus says of itself, and its habits."""
