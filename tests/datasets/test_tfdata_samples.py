"""Folders that TensorFlow 2.21 wrote, and damaged ones, against the arrays TensorFlow itself loaded from them."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.datasets.tfdata import read_folder
from earmark.errors import DataError

DATA = Path(os.environ.get("EARMARK_SHARED", Path(__file__).parents[3] / "shared")) / "data"
SAMPLES = [json.loads(path.read_text()) for path in sorted(DATA.glob("tfdata_samples/*.json"))]
READABLE = [told for told in SAMPLES if told["expect"] != "refuse"]
EMPTY_FOLDERS = {
    "empty": "5210462497358701573",
    "distributed_layout": "streams/stream_0",
    "empty_directory": ".",
    "missing_all_shards": "6498933900098871555",
    "missing_snapshot_file": "6498933900098871555/00000000.shard",
}
SNAPSHOT = r"00000000\.shard/00000000\.snapshot: "
SECOND = SNAPSHOT + r"record 2 at byte 493"
SECOND_TENSOR = SECOND + r" \(element 1, component \[0\]\): "
REASONS = {
    "refuse_sparse": r"dataset_spec\.pb: component \. is SparseTensorSpec, stored as a variant",
    "refuse_ragged": r"dataset_spec\.pb: component \. is RaggedTensorSpec, stored as a variant",
    "refuse_optional": r"dataset_spec\.pb: component \. is OptionalSpec, stored as a variant",
    "refuse_nested_dataset": r"dataset_spec\.pb: component \. is DatasetSpec, stored as a variant",
    "distributed_layout": r"distributed_layout: \w+ in it: a snapshot of the tf\.data service",
    "empty_directory": r"empty_directory: no snapshot\.metadata or dataset_spec\.pb in it",
    "flipped_data_byte": SECOND + ": the checksum of its data does not match",
    "flipped_first_byte": SNAPSHOT + r"the first bytes are neither a record .* nor gzip, zlib or snappy",
    "flipped_length_byte": SECOND + ": the checksum of its length does not match",
    "gzip_flipped_byte": SNAPSHOT + r"the gzip stream is damaged: .*incorrect data check",
    "gzip_truncated": SNAPSHOT + "the gzip stream is cut off",
    "gzip_whole_but_short_inside": SNAPSHOT + "record 6 at byte 1479: the file ends inside it",
    "metadata_dtype_mismatch": r"snapshot\.metadata: its dtypes are float32 \(1\), int64 \(9\); .* float32 \(1\)$",
    "metadata_empty": r"snapshot\.metadata: the file is empty",
    "metadata_garbage": r"snapshot\.metadata: not the expected protobuf message",
    "metadata_tmp_only": r"only a temporary snapshot\.metadata-tmp: the save was broken off",
    "missing_all_shards": r"6498933900098871555: 0 elements .* counts 4",
    "missing_metadata": r"missing_metadata: no snapshot\.metadata in it",
    "missing_snapshot_file": r"00000000\.shard: no \.snapshot file in it",
    "missing_spec": r"missing_spec: no dataset_spec\.pb in it",
    "num_elements_too_large": r"4 elements .* counts 5",
    "record_not_proto": SECOND_TENSOR + "not the expected protobuf message",
    "run_id_missing_folder": r"/123: the run folder that snapshot\.metadata names is missing",
    "spec_empty": r"dataset_spec\.pb: component \. has no kind of value set",
    "spec_garbage": r"dataset_spec\.pb: not the expected protobuf message",
    "spec_truncated": r"dataset_spec\.pb: not the expected protobuf message: field 52 should have 34 bytes, 17 are",
    "tensor_content_long": SECOND_TENSOR + "the content has 404 bytes; .* needs 400",
    "tensor_content_short": SECOND_TENSOR + "the content has 396 bytes; .* needs 400",
    "tensor_dtype_mismatch": SECOND_TENSOR + r"the stored dtype is int32 \(3\), the specification says float32 \(1\)",
    "tensor_negative_dim": SECOND_TENSOR + r"the stored shape \(-1, 10, 1\) has a negative",
    "tensor_shape_mismatch": SECOND_TENSOR + r"the stored shape is \(5, 20, 1\), the specification says \(10, 10, 1\)",
    "trailing_garbage": SNAPSHOT + "record 8 at byte 1972: 7 stray bytes at the end",
    "truncated_between_elements": r"6498933900098871555: 2 elements .* counts 4",
    "truncated_in_data": SECOND + ": it needs 423 bytes, at most 188 are left; the file is cut off",
    "truncated_in_footer": SNAPSHOT + "record 7 at byte 1914: it needs 46 bytes, at most 44 are left",
    "truncated_in_length": SNAPSHOT + "record 4 at byte 986: 5 stray bytes at the end",
    "unfinalized": r"snapshot\.metadata: the save is not finished",
    "unfinalized_truncated": r"snapshot\.metadata: the save is not finished",
    "version_1": r"snapshot\.metadata: format version 1 is not read",
    "version_3": r"snapshot\.metadata: format version 3 is not read",
}


def case(shared: Path, name: str, tmp_path: Path) -> Path:
    """The folder of a case; where git cannot keep a part of it, a copy that has the part."""
    places = [shared / group / name for group in ("tfdata_samples", "tfdata_damaged")]
    found = [place for place in places if place.exists()]
    if name not in EMPTY_FOLDERS:
        return found[0]
    copy = tmp_path / name
    for place in found:
        shutil.copytree(place, copy, copy_function=shutil.copyfile)
    for folder in (copy, *copy.rglob("*")):
        if folder.is_dir():
            folder.chmod(0o755)
    (copy / EMPTY_FOLDERS[name]).mkdir(parents=True, exist_ok=True)
    return copy


def expected(shared: Path, told: dict) -> list[list[np.ndarray]]:
    """The tensors of each component, in the order in which shards are read."""
    columns = []
    with np.load(shared / "tfdata_samples" / f"{told['variant']}.npz") as arrays:
        tensors = [component for component in told["components"] if component["kind"] == "TensorSpec"]
        for place, component in enumerate(tensors):
            if "strings_b64" in component:
                texts = [[base64.b64decode(text) for text in row] for row in component["strings_b64"]]
                column = [
                    np.array(row, dtype=object).reshape(shape)
                    for row, shape in zip(texts, component["shapes"], strict=True)
                ]
            elif f"c{place}" in arrays:
                column = list(arrays[f"c{place}"])
            else:
                column = [arrays[key] for key in sorted(arrays) if key.startswith(f"c{place}_")]
            if component["dtype"] == "bfloat16":
                column = [(bits.astype(np.uint32) << 16).view(np.float32) for bits in column]
            columns.append(column)
    orders = told.get("tf_load_order_by_cpu_count")
    if orders:  # stored for two processors; one processor is shard after shard
        columns = [[column[orders["2"].index(element)] for element in orders["1"]] for column in columns]
    return columns


@pytest.mark.parametrize("told", READABLE, ids=lambda told: told["variant"])
def test_it_reads_what_tensorflow_reads(shared, tmp_path, told):
    saved = read_folder(case(shared, told["variant"], tmp_path))

    tensors = [component for component in told["components"] if component["kind"] == "TensorSpec"]
    found = [(component.path, component.dtype.name) for component in saved.components]
    assert found == [(component["path"], component["dtype"]) for component in tensors]
    shapes = [None if component.shape is None else list(component.shape) for component in saved.components]
    assert shapes == [component["shape"] for component in tensors]
    assert len(saved) == told["num_elements"]
    for values, wanted in zip(saved.values, expected(shared, told), strict=True):
        assert len(values) == len(wanted)
        for value, one in zip(values, wanted, strict=True):
            np.testing.assert_array_equal(value, one, strict=one.dtype != object)


def test_every_refused_case_has_a_reason(shared):
    cases = [json.loads(path.read_text()) for path in shared.glob("tfdata_*/*.json")]
    assert {told.get("kind") or told["variant"] for told in cases if told["expect"] == "refuse"} == set(REASONS)


@pytest.mark.parametrize("name", REASONS)
def test_it_refuses_in_one_line_with_file_place_and_cause(shared, tmp_path, name):
    folder = case(shared, name, tmp_path)
    with pytest.raises(DataError, match=REASONS[name]) as caught:
        read_folder(folder)
    assert str(caught.value).startswith(str(folder))
    assert "\n" not in str(caught.value)


def test_a_first_chunk_that_is_missing_is_no_loss_where_the_count_is_right(shared):
    assert len(read_folder(shared / "tfdata_damaged" / "first_chunk_missing")) == 4


DAMAGE = st.lists(
    st.tuples(st.sampled_from(["flip", "cut"]), st.integers(0, 1 << 20), st.integers(0, 7)), min_size=1, max_size=3
)


@pytest.mark.parametrize("name", ["bare_scalar", "string_vector", "dict_unsorted_keys", "unknown_dims", "zlib"])
@settings(max_examples=40, deadline=None)
@given(which=st.integers(0, 2), damage=DAMAGE)
def test_damage_is_refused_or_does_not_matter(tmp_path_factory, name, which, damage):
    source = DATA / "tfdata_samples" / name
    if not source.is_dir():
        pytest.skip("real data are not here; set EARMARK_SHARED")
    copy = tmp_path_factory.mktemp("damaged")
    files = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file())
    for file in files:
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file, copy / file)
    content = bytearray((copy / files[which]).read_bytes())
    for kind, place, bit in damage:
        if content and kind == "flip":
            content[place % len(content)] ^= 1 << bit
        elif kind == "cut":
            del content[place % (len(content) + 1) :]
    (copy / files[which]).write_bytes(content)
    refusal, saved = "", None
    try:
        saved = read_folder(copy)
    except DataError as error:
        refusal = str(error)
    assert saved is not None or re.fullmatch(rf"{re.escape(str(copy))}\S*: .+", refusal)
    for ours, whole in zip(saved.values if saved else (), read_folder(source).values, strict=saved is not None):
        for one, other in zip(ours, whole, strict=True):
            np.testing.assert_array_equal(one, other)
