"""What leadership reads once a month: one page, one workbook and one PDF, all from one set of figures."""
