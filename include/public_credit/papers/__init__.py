"""Reports from the profiles: an organisation's report, a person's own report, the review of applicant lists."""
