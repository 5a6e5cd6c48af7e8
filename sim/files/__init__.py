"""Scenarios as data: read from YAML, checked against the models, changed, described as JSON Schema."""
