"""A classifier of sound as an ONNX file that holds all of it, kept only where it says what the original says."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from earmark.atomic import replacing
from earmark.audio.decode import read_audio
from earmark.audio.files import audio_files
from earmark.audio.waveform import Waveform
from earmark.classifier import Classifier, Fusion
from earmark.classifier.exported import KEY, SUFFIX, ExportedCard, load_exported
from earmark.classifier.loading import load
from earmark.errors import ModelError, UsageError, need
from earmark.publish.statistics import TrackStatistics
from earmark.publish.tracing import CLIPS, Traced, traced

TOLERANCE = 1e-4  # of a probability
WAY = ("clips'", TrackStatistics.__qualname__)  # to the features, as torch names where in a graph its nodes are from
MOST_SECONDS = 60.0  # of each sound that it is checked on


@dataclass(frozen=True)
class Export:
    """An ONNX file: where it is, and how far its probabilities lie from the original's at most, on so many sounds."""

    path: Path
    loss: float
    sounds: int
    changed: int
    size: int


def export(
    model: Path | str,
    out: Path | None = None,
    *,
    sounds: Sequence[Path] = (),
    quantise: bool = False,
) -> tuple[Export, ...]:
    """Write a classifier of sound, by path or name, as an ONNX file, and beside it a quantised one where asked.

    out       the file; None: NAME.onnx in the working directory. The quantised one is NAME.int8.onnx
    sounds    files and folders of sound on which both are compared; none: the built-in songs

    The first file is kept only where no probability, of a track or a clip, differs from the classifier's by more than
    1e-4. Of the quantised one nothing is demanded: its loss is measured and said.
    Raises ModelError where the classifier cannot be written as a graph, or the file says something else than it;
    UsageError where onnx is not installed.
    """
    for module in ("onnx", "onnxscript", "onnxruntime"):
        need(module, extra="onnx", purpose="earmark export")
    classifier = load(model)
    out = out or Path(f"{classifier.name}{SUFFIX}")
    if out.suffix != SUFFIX:
        raise UsageError(f"{out}: an ONNX file's name ends in {SUFFIX}, by which it is known")
    plan = traced(classifier)
    heard = _read(sounds, plan.card) or plan.songs
    with replacing(out) as temporary:
        _write(plan, temporary)
        _tell(temporary, plan.card)
        exact = _compared(classifier, temporary, heard, out)
        if exact.loss > TOLERANCE:
            raise ModelError(
                f"{out}: not written: its probabilities differ from those of {classifier.name} by up to "
                f"{exact.loss:.2g}, more than {TOLERANCE:g}; this is a defect of earmark: please report it"
            )
        _tell(temporary, msgspec.structs.replace(plan.card, loss=exact.loss))
        if not quantise:
            return (exact,)
        small = out.with_suffix(f".int8{SUFFIX}")
        with replacing(small) as smaller:
            _quantise(temporary, smaller)
            _tell(smaller, msgspec.structs.replace(plan.card, quantised=True))
            rough = _compared(classifier, smaller, heard, small)
            _tell(smaller, msgspec.structs.replace(plan.card, quantised=True, loss=rough.loss))
    return exact, rough


def _write(plan: Traced, path: Path) -> None:
    """The graph as an ONNX file."""
    name = plan.card.classifier
    try:
        with _quiet(), torch.no_grad():
            program = torch.onnx.export(
                plan.graph,
                tuple(plan.inputs.values()),
                dynamo=True,
                dynamic_shapes=plan.lengths,
                input_names=[*plan.inputs],
                output_names=[*plan.outputs],
                optimize=False,
                verbose=False,
            )
            if program is None:
                raise ModelError(f"{name}: torch gave no graph")
            program.save(str(path))
    except torch.onnx.errors.OnnxExporterError as error:
        why = str(error).strip().partition("\n")[0]
        raise ModelError(f"{name}: torch cannot write it as ONNX: {why}") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch and onnxruntime say of themselves and of each other."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def _tell(path: Path, card: ExportedCard) -> None:
    """Write what the file is into its metadata."""
    import onnx

    file = onnx.load(str(path))
    onnx.helper.set_model_props(file, {KEY: msgspec.json.encode(card).decode()})
    onnx.save(file, str(path))


def _quantise(source: Path, target: Path) -> None:
    """The model's weights, and what they are multiplied by, as integers of 8 bits; the way to the features stays."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    file = onnx.load(str(source))
    del file.graph.value_info[:]  # shapes on the way, of which those of weights that it transposes would be wrong
    fixed = {tensor.name for tensor in file.graph.initializer}
    kept = [
        node.name
        for node in file.graph.node
        if any(way in entry.value for entry in node.metadata_props for way in WAY)
        or (node.op_type == "Conv" and node.input[1] not in fixed)  # weights that are computed
    ]
    with _quiet():
        quantize_dynamic(file, str(target), weight_type=QuantType.QInt8, nodes_to_exclude=kept)


def _compared(classifier: Classifier | Fusion, path: Path, heard: Sequence[Waveform], out: Path) -> Export:
    """How far the file is from the classifier."""
    exported = load_exported(path)
    loss, changed = 0.0, 0
    for waveform in heard:
        original = classifier.predict(waveform)
        try:
            answer = exported.predict(waveform)
        except Exception as error:  # onnxruntime's own kinds, which have nothing else in common
            why = " ".join(str(error).split())
            raise ModelError(
                f"{out}: not written: what torch wrote takes no {waveform.seconds:.2f} s: {why}"
            ) from error
        loss = max(loss, _far(answer.probabilities, original.probabilities), _far(answer.over_time, original.over_time))
        changed += (answer.genre, answer.strange) != (original.genre, original.strange)
    return Export(out, loss, len(heard), changed, path.stat().st_size)


def _far(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.abs(one - other).max()) if one.shape == other.shape else np.inf


def _read(sounds: Sequence[Path], card: ExportedCard) -> list[Waveform]:
    """The beginnings of the sounds that are asked for. Raises AudioError for what is not sound."""
    paths, missing = audio_files(sounds)
    if missing:
        raise UsageError(f"{missing[0].where}: {missing[0].what}")
    seconds = max(MOST_SECONDS, CLIPS * card.clip / card.sample_rate)
    return [read_audio(path, seconds=seconds) for path in paths]
