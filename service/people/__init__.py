"""People and structures: schools, companies, staff; per address only whether mail reaches it."""
