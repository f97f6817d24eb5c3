"""Whatever is in a file, it is read or refused in clear lines; never a traceback.

`python -m tests.fuzz --inputs N` gives every reader its share of N inputs: samples changed at
random (with a fixed seed), and what atheris finds when it follows the branches that inputs take.
"""
