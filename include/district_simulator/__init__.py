"""An invented district over real protocols: departments, their clerks and their mistakes.

Nothing here is imported from the product, and the product imports nothing from here: the simulator
knows the rules from the same documents, not from the same code.  Every subject is invented: USCCs and
ID numbers carry the unassigned region 370399 (reserved pattern, requirements L).
"""
