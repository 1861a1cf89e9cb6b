"""Who is meant: identifiers of subjects, one by one with a reason (``codes``), by the column (``bulk``), and names."""
