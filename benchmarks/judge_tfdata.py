"""Judge the reader of tf.data folders against cases with known answers.

    python benchmarks/judge_tfdata.py FOLDER

FOLDER (or FOLDER/tfdata_samples and FOLDER/tfdata_damaged) holds for each case NAME/, NAME.json (`expect`: read,
refuse or either) and, where it is readable, NAME.npz with the arrays. Nothing is written into FOLDER: folders that
git cannot keep because they are empty are made in a temporary copy.
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from earmark.datasets.tfdata import SavedDataset, read_folder
from earmark.datasets.tfdata.folder import METADATA
from earmark.datasets.tfdata.metadata import read_metadata
from earmark.datasets.tfdata.wire import FormatError
from earmark.errors import DataError

NESTED = ("tfdata_samples", "tfdata_damaged")


def judge(case: Path) -> tuple[str, str]:
    """("equal" | "refused" | "wrong", why) for the case described by NAME.json."""
    told = json.loads(case.read_text())
    with tempfile.TemporaryDirectory() as scratch:
        folder = with_empty_folders(case.with_suffix(""), told, Path(scratch))
        try:
            saved = read_folder(folder)
        except DataError as error:
            line = str(error)
            if "\n" in line:
                return "wrong", f"the refusal is not one line: {line!r}"
            return ("wrong" if told["expect"] == "read" else "refused"), line
        except Exception as error:  # a crash of one case must not hide the others
            return "wrong", f"crashed with {error!r}"
    if told["expect"] == "refuse":
        return "wrong", f"read, though {told.get('reason', 'it should be refused')}"
    if not case.with_suffix(".npz").exists():
        return "equal", f"{len(saved)} elements, nothing to compare them with"
    difference = compare(saved, told, case.with_suffix(".npz"))
    return ("wrong", difference) if difference else ("equal", f"{len(saved)} elements")


def with_empty_folders(folder: Path, told: dict[str, Any], scratch: Path) -> Path:
    """The folder itself, or a copy in `scratch` with the empty folders that the case is about."""
    kind = told.get("kind", told.get("variant", ""))
    wanted: list[str] = []
    if not folder.exists():
        (scratch / folder.name).mkdir()
        return scratch / folder.name
    if kind == "distributed_layout":
        wanted = ["streams/stream_0"]
    elif kind == "missing_all_shards" or (told["expect"] == "read" and told.get("num_elements") == 0):
        wanted = [run_id(folder)]
    elif kind == "missing_snapshot_file":
        wanted = [f"{run_id(folder)}/00000000.shard"]
    if all((folder / name).exists() for name in wanted):
        return folder
    copy = scratch / folder.name
    shutil.copytree(folder, copy, copy_function=shutil.copyfile)
    for inner in (copy, *(path for path in copy.rglob("*") if path.is_dir())):
        inner.chmod(0o755)
    for name in wanted:
        (copy / name).mkdir(parents=True, exist_ok=True)
    return copy


def run_id(folder: Path) -> str:
    """The run folder that the metadata name; "." where they cannot be read."""
    try:
        return read_metadata(memoryview((folder / METADATA).read_bytes())).run_id
    except (OSError, FormatError):
        return "."


def compare(saved: SavedDataset, told: dict[str, Any], arrays: Path) -> str:
    """What differs from the arrays, in the order in which shards are read; "" where nothing does."""
    components = [component for component in told["components"] if component["kind"] == "TensorSpec"]
    names = [component.path for component in saved.components]
    if len(names) != len(components):
        return f"components {', '.join(names)}; {len(components)} expected"
    with np.load(arrays) as loaded:
        wanted = [expected(component, place, loaded) for place, component in enumerate(components)]
    for name, component, ours in zip(names, components, saved.components, strict=True):
        if name != component["path"] or ours.dtype.name != component["dtype"]:
            return f"{name} is {ours.dtype.name}; {component['path']} of {component['dtype']} expected"
    if len({len(saved), *map(len, wanted)}) > 1:
        return f"{len(saved)} elements; {[len(values) for values in wanted]} expected"
    got = [
        [bits(value, component["dtype"]) for value in values]
        for component, values in zip(components, saved.values, strict=True)
    ]
    got_rows, wanted_rows = ([fingerprint(row) for row in zip(*values, strict=True)] for values in (got, wanted))
    orders = told.get("tf_load_order_by_cpu_count")
    if orders:  # the arrays stand in TensorFlow's order for two processors; one processor is shard after shard
        wanted_rows = [wanted_rows[orders["2"].index(element)] for element in orders["1"]]
    elif "shard_func" in told.get("save_call", "") and Counter(got_rows) == Counter(wanted_rows):
        return ""
    wrong = [place for place, pair in enumerate(zip(got_rows, wanted_rows, strict=True)) if pair[0] != pair[1]]
    return f"{len(wrong)} of {len(saved)} elements differ, first {wrong[0]}" if wrong else ""


def expected(component: dict[str, Any], place: int, loaded: Any) -> list[np.ndarray]:
    """The component's tensors, one an element."""
    if "strings_b64" in component:
        strings = [[base64.b64decode(text) for text in texts] for texts in component["strings_b64"]]
        return [
            np.array(texts, dtype=object).reshape(shape)
            for texts, shape in zip(strings, component["shapes"], strict=True)
        ]
    if f"c{place}" in loaded:
        return list(loaded[f"c{place}"])
    return [loaded[name] for name in sorted(loaded) if name.startswith(f"c{place}_e")]


def bits(value: np.ndarray, dtype: str) -> np.ndarray:
    """bfloat16 is kept as its 16 bits in the arrays and read as float32."""
    if dtype == "bfloat16":
        return (np.asarray(value).view(np.uint32) >> 16).astype(np.uint16)
    return np.asarray(value, dtype=object if dtype == "string" else None)


def fingerprint(row: tuple[np.ndarray, ...]) -> tuple[object, ...]:
    """All that makes two elements the same: dtype, shape and every bit."""
    return tuple(
        (np.asarray(v).dtype.str, np.shape(v), tuple(np.ravel(v)) if v.dtype == object else np.asarray(v).tobytes())
        for v in map(np.asarray, row)
    )


def main() -> int:
    """Print one line a case and the counts; 1 where any case is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    places = [folder / name for name in NESTED if (folder / name).is_dir()]
    cases = [case for place in (folder, *places) for case in sorted(place.glob("*.json"))]
    if not cases:
        parser.error(f"{folder}: no NAME.json in it, nor in {' or '.join(NESTED)}")
    counts = Counter()
    for case in cases:
        verdict, why = judge(case)
        counts[verdict] += 1
        print(f"{case.stem}: {verdict} ({why})")
    for verdict in ("equal", "refused", "wrong"):
        print(verdict, counts[verdict])
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
