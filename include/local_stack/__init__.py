"""The product on one machine: PostgreSQL, Airflow, simulated departments and city, under one supervisor."""
