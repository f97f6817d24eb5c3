"""One reader led by atheris: inputs that take new branches are kept and changed further."""

import sys
import tempfile
from pathlib import Path

FOLLOWED = [
    "sim.load", "sim.store", "sim.sweep.description", "sim.sweep.folder", "sim.sweep.given",
    "sim.calibrate.facts", "sim.calibrate.workplace", "ruamel.yaml",
]  # fmt: skip
"""Modules whose branches are followed."""


def main() -> None:
    """`python -m tests.fuzz.guided READER INPUTS SEED`; exit code 0 if nothing fell over."""
    import atheris

    name, number, seed = sys.argv[1:]
    with atheris.instrument_imports(include=FOLLOWED):
        from tests.fuzz.readers import readers, refuses
    with readers() as every, tempfile.TemporaryDirectory() as folder:
        reader = every[name]
        for i, sample in enumerate(reader.samples):
            Path(folder, f"sample-{i}").write_bytes(sample)
        options = [f"-runs={number}", f"-seed={seed}", "-timeout=60", "-max_len=20000",
                   f"-artifact_prefix={folder}/", "-verbosity=0"]  # fmt: skip
        atheris.Setup([sys.argv[0], *options, folder], lambda content: refuses(reader, content))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
