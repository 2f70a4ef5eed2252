"""The office: what the staff of the campus sees and does."""
