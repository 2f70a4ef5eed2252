"""What an operator runs: migrations, checks, the demo."""
