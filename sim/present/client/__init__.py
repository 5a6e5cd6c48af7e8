"""What a client is told: statements, tables and plain data of charts, for presentation, report and workbook alike."""
