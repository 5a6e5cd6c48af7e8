"""The workbook for a client's controller: books, and live formulas from them to the answer."""
