"""Mutation testing: small faults put into the model, one at a time; do the tests notice?

`python -m tests.mutation` samples mutants of the rules, the draws, the engines and the risk, adds
the seeded faults of `faults`, and writes a table of what was caught and what survived. Kernels run
as plain Python (NUMBA_DISABLE_JIT), so that nothing is compiled. The working tree is never
touched: mutants live in a copy.
"""
