"""Mail: carrying letters and reading the ones that come in. It knows no Booking."""
