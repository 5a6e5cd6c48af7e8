"""``python -m sim`` is the command ``roi``."""

from sim.cli import main

main()
