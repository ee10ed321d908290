"""Arrays in, pictures out: one place for palette and style."""
