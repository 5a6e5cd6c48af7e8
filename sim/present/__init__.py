"""Results in, artefacts out: words, tables, pictures, files."""
