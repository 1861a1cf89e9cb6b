"""What a task or a command does: a few calls in order; schedules, the executor, migration."""
