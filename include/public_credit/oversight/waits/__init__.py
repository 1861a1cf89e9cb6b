"""What is open: one list of everything that waits for somebody, read by ``status`` and by alerts (decision 0061)."""
