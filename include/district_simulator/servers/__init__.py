"""Real protocol servers of the simulated departments, all on 127.0.0.1."""
