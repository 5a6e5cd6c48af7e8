"""The PowerPoint presentation: a client's template or ours, native charts, one slide for each topic of the story."""
