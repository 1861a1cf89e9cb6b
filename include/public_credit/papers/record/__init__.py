"""A record's page for auditors: the typed case, its HTML (whole page or body alone), JSON, and the case file (zip)."""
