"""Licences and penalties (双公示), the register of enterprises, notices about decisions, the ledger of decisions.

``assemble`` calls, in this order::

    ordinary        daily deliveries: clean rows, planted faults (clean, faults, planting, headings, wording)
    roster          the register of enterprises
    versions        what befalls single decisions over the three days (shelf)
    events          notices of revocation and change
    earlier         small deliveries of the weeks before the first shown day, out of the first day's files
    accidents       deliveries of their own: sent twice, cut off, renamed columns, unfinished
    ledger          what 司法局 says each unit decided, counted over all of it
    city_register   what the city knows of the firms, at the very end
"""
