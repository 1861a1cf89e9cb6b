"""Who may do what in the database: the policy, its application, and the comparison of both with what the database says."""
