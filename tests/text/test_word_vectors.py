"""Files of word vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from earmark.errors import DataError
from earmark.text.word_vectors import read_word_vectors

GLOVE = "the 0.5 -1 2e-3\nmaçã 1 2 3\n"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "vectors.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("content", [GLOVE, "2 3\n" + GLOVE, GLOVE.replace("\n", "\r\n"), GLOVE.replace("\n", " \n")])
def test_glove_and_word2vec_files_are_read_alike(content: str, tmp_path: Path) -> None:
    vectors = read_word_vectors(written(tmp_path, content))
    assert vectors.words == ("the", "maçã")
    assert vectors.width == 3
    assert "maçã" in vectors
    assert "uva" not in vectors
    np.testing.assert_array_equal(vectors.of(["maçã", "the"]), np.float32([[1, 2, 3], [0.5, -1, 2e-3]]))


def test_a_word_may_hold_blanks_and_the_first_of_two_counts(tmp_path: Path) -> None:
    vectors = read_word_vectors(written(tmp_path, "a 1 2\n. . 3 4\na 5 6\n"))
    assert vectors.words == ("a", ". .")
    np.testing.assert_array_equal(vectors.vectors, [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a 1 2\nb 3\n", r"vectors\.txt: line 2: 2 fields, not a word and 2 numbers"),
        ("a 1 2\n\n", r"line 2: 1 fields, not a word and 2 numbers"),
        ("a\n", r"line 1: 1 fields, not a word and its numbers"),
        ("a 1 2\nb 3 x\n", r"line 2: could not convert string to float: .*x"),
        ("a 1 nan\n", r"line 1: a number that is not finite"),
        ("", r"no word vectors in it"),
        ("2 3\n", r"no word vectors in it"),
        (b"a \xff\xfe\n", r"not UTF-8 text; vectors in binary form are not read"),
    ],
)
def test_a_damaged_file_is_refused_naming_the_line(content: str | bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        read_word_vectors(written(tmp_path, content))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.txt: cannot be read: No such file"):
        read_word_vectors(tmp_path / "none.txt")
