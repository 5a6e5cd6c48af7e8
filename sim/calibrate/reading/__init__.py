"""Reading a client's files: which column holds what, how dates and amounts are written."""
