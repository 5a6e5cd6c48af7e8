"""The class tournament: strategies that students hand in compete over customers that nobody has seen."""
