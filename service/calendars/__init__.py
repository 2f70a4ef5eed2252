"""Calendar files: values to iCalendar and back. Pure: no table, no settings, no request."""
