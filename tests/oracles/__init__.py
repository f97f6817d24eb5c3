"""Exact answers to test the model against, as scenarios and without special code in the model.

`bdi`, `pure_death`, `lifetable`, `pipeline`, `batch_queue`, `quota` hold the answers. Time in
years, rates per year, ages exact; "lost" means the first time that official members < 3.
`evidence` compares counts with their exact laws, `cases` writes the scenarios and reads the logs.
"""
