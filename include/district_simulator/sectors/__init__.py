"""The sectors' record kinds in the simulated district: registers, ratings, lists, commitments, counts.

Data first: ``vocabulary/sector_kinds/*.yml`` are the record formats as the departments know them,
``vocabulary/sector_units.yml`` says which unit delivers what, over which channel, under which headings.

``assemble`` calls, in this order::

    food.add_decisions   licences and penalties of food and drug firms (before the ledger counts)
    stories, food        firms with a past, and the rows that tell of them
    ordinary             daily deliveries: clean rows, planted faults, stories
                         (clean, contents, counts, faults, planting, registers, headings, wording)
    later                what days 2 and 3 change (shelf)
    history              five years before the first day, one figure restated

``office`` is what happens beside the deliveries: documents, uses of credit reports, editions.
"""
