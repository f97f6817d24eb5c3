"""`python -m sim` is the command `hamletsim`."""

from sim.cli import main

main()
