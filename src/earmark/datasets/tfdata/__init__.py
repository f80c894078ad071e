"""Folders written by TensorFlow's `Dataset.save`, read and written without TensorFlow.

TensorFlow calls the layout an implementation detail. What is read is its version 2, the only one that
`Dataset.save` has ever written; everything else is refused by name. Facts are from TensorFlow's public
sources (`tensorflow/core/protobuf/{snapshot,struct}.proto`, `tensorflow/core/data/snapshot_utils.cc`) and from
folders that TensorFlow 2.21 wrote.
"""

from earmark.datasets.tfdata.dataset import tfdata
from earmark.datasets.tfdata.folder import SavedDataset, read_folder
from earmark.datasets.tfdata.structure import Component
from earmark.datasets.tfdata.writer import write_folder

__all__ = ["Component", "SavedDataset", "read_folder", "tfdata", "write_folder"]
