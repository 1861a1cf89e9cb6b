"""An invented district over real protocols: departments, their clerks and their mistakes.

Nothing here is imported from the product, and the product imports nothing from here: the simulator
knows the rules from the same documents, not from the same code.  Every subject is invented: USCCs and
ID numbers carry the unassigned region 370399 (reserved pattern, requirements L).

Rooms, from the ground up; none imports from one below it in this list (contract in ``pyproject.toml``)::

    vocabulary    what everybody speaks of: codes, days, tables, units, rows, deliveries and how they are written
    book          state: what is planned, given away and told; calls nobody
    population    who is there: enterprises and persons, organisations of the other registers
    decisions     licences and penalties (双公示), the register of enterprises, notices, the ledger of 司法局
    sectors       all other kinds of records and the registers of institutions
    stamps        what is added last to every delivery
    assemble      calls the parts once, in order: population → decisions → sectors → stamps → the city's register

A day is played by ``district``: ``clerk`` answers slips (``clerk_memory`` keeps it over a restart), deliveries go out
through files and ``servers``, ``answers`` writes what must come of them.  ``control`` is the door of a running district,
``city`` the city platform, a process of its own.

``decisions`` and ``sectors`` are built alike: ``headings`` (dialects of a dataset on a day), ``clean`` (right rows),
``faults`` (how a row goes wrong, or looks wrong and is right), ``planting`` (which fault lies where), ``ordinary`` (the
daily deliveries of all this), ``shelf`` (clean rows, each given to one scenario), ``wording``.
"""
