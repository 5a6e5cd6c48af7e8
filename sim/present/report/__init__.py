"""The HTML report: one self-contained page that prints well, with the register of assumptions and the manifest."""
