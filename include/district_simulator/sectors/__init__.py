"""The sectors' record kinds in the simulated district: registers, ratings, lists, commitments, counts.

Data first: ``vocabulary/sector_kinds/*.yml`` are the record formats as the departments know them, ``vocabulary/sector_units.yml`` says which unit delivers
what, over which channel, under which headings.  The modules make subjects, clean rows, faults, the changes of the later
days and the answers.  ``ordinary.add`` ties them together.
"""
