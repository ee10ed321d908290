"""Networks: architectures, data and training, with torch."""
