"""The sectors' record kinds in the simulated district: registers, ratings, lists, commitments, counts.

Data first: ``kinds/*.yml`` are the record formats as the departments know them, ``units.yml`` says which unit delivers
what, over which channel, under which headings.  The modules make subjects, clean rows, faults, the changes of the later
days and the answers.  ``plan.add`` ties them together.
"""
