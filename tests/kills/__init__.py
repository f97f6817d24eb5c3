"""Kill -9 at random moments: nothing is lost, nothing is half written, nothing comes out otherwise.

`python -m tests.kills --kills 200` runs commands over and over, kills each at a random moment, and
looks at what is there: what was there before or what was being made, whole. `--command` and
`--result` do the same to any other command.
"""
