"""What the law and the plan say: the seeds of the dbt project, read by Python, and the calendar of working days."""
