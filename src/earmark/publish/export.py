"""A classifier of sound as an ONNX file that holds all of it, kept only where it says what the original says."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from earmark.atomic import replacing
from earmark.audio.decode import read_audio
from earmark.audio.files import audio_files
from earmark.audio.synthesis import song
from earmark.audio.synthesis.styles import STYLES
from earmark.audio.waveform import Waveform
from earmark.classifier import Classifier
from earmark.classifier.exported import (
    KEY,
    OVER_TIME,
    PROBABILITIES,
    SUFFIX,
    WAVEFORM,
    ExportedCard,
)
from earmark.classifier.loading import load
from earmark.errors import ModelError, UsageError, need
from earmark.publish.graph import ClassifierGraph

TOLERANCE = 1e-4  # of a probability
CLIPS = 3  # that the graph is traced with
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
    if not isinstance(classifier, Classifier):
        raise ModelError(
            f"{classifier.name}: several voices at several sample rates make no one graph; export one of them: a "
            "folder in it, or a run"
        )
    out = out or Path(f"{classifier.name}{SUFFIX}")
    if out.suffix != SUFFIX:
        raise UsageError(f"{out}: an ONNX file's name ends in {SUFFIX}, by which it is known")
    graph = ClassifierGraph(classifier).eval()
    heard = _read(sounds, graph) or _built_in(graph)
    with replacing(out) as temporary:
        _write(graph, classifier, temporary)
        exact = _compared(classifier, temporary, heard, out)
        if exact.loss > TOLERANCE:
            raise ModelError(
                f"{out}: not written: its probabilities differ from those of {classifier.name} by up to "
                f"{exact.loss:.2g}, more than {TOLERANCE:g}; this is a defect of earmark: please report it"
            )
        _tell(temporary, graph, classifier, exact.loss, quantised=False)
        if not quantise:
            return (exact,)
        small = out.with_suffix(f".int8{SUFFIX}")
        with replacing(small) as smaller:
            _quantise(temporary, smaller)
            rough = _compared(classifier, smaller, heard, small)
            _tell(smaller, graph, classifier, rough.loss, quantised=True)
    return exact, rough


def _write(graph: ClassifierGraph, classifier: Classifier, path: Path) -> None:
    """The graph as an ONNX file for waveforms of any length."""
    samples = torch.from_numpy(_song(0, graph, CLIPS).samples)
    try:
        with _quiet(), torch.no_grad():
            program = torch.onnx.export(
                graph,
                (samples,),
                dynamo=True,
                dynamic_shapes={"waveform": {0: torch.export.Dim("samples", min=graph.least)}},
                input_names=[WAVEFORM],
                output_names=[PROBABILITIES, OVER_TIME],
                optimize=False,
                verbose=False,
            )
            if program is None:
                raise ModelError(f"{classifier.name}: torch gave no graph")
            program.save(str(path))
    except torch.onnx.errors.OnnxExporterError as error:
        why = str(error).strip().partition("\n")[0]
        raise ModelError(f"{classifier.name}: torch cannot write it as ONNX: {why}") from error


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


def _tell(path: Path, graph: ClassifierGraph, classifier: Classifier, loss: float, *, quantised: bool) -> None:
    """Write what the file is into its metadata."""
    import onnx

    card = classifier.card
    weights = blake2b(digest_size=16)
    for name, tensor in sorted(classifier.model.state_dict().items()):
        weights.update(name.encode() + tensor.cpu().contiguous().numpy().tobytes())
    said = ExportedCard(
        genres=card.genres,
        sample_rate=graph.sample_rate,
        clip=graph.clip,
        least=graph.least,
        hop=graph.hop,
        classifier=classifier.name,
        digest=weights.hexdigest(),
        trained_on=card.trained_on,
        quantised=quantised,
        loss=loss,
    )
    file = onnx.load(str(path))
    onnx.helper.set_model_props(file, {KEY: msgspec.json.encode(said).decode()})
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
        if any("'clips'" in entry.value for entry in node.metadata_props)
        or (node.op_type == "Conv" and node.input[1] not in fixed)  # weights that are computed
    ]
    with _quiet():
        quantize_dynamic(file, str(target), weight_type=QuantType.QInt8, nodes_to_exclude=kept)


def _compared(classifier: Classifier, path: Path, heard: Sequence[Waveform], out: Path) -> Export:
    """How far the file is from the classifier."""
    session = _session(path)
    loss, changed = 0.0, 0
    for waveform in heard:
        answer = classifier.predict(waveform)
        try:
            track, clips = session.run([PROBABILITIES, OVER_TIME], {WAVEFORM: waveform.samples})
        except Exception as error:  # onnxruntime's own kinds, which have nothing else in common
            why = " ".join(str(error).split())
            raise ModelError(
                f"{out}: not written: what torch wrote takes no {waveform.seconds:.2f} s: {why}"
            ) from error
        loss = max(loss, _far(track, answer.probabilities), _far(clips, answer.over_time))
        changed += int(track.argmax()) != int(answer.probabilities.argmax())
    return Export(out, loss, len(heard), changed, path.stat().st_size)


def _far(one: NDArray[np.floating[Any]], other: NDArray[np.float64]) -> float:
    return float(np.abs(one.astype(np.float64) - other).max()) if one.shape == other.shape else np.inf


def _session(path: Path) -> Any:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])


def _read(sounds: Sequence[Path], graph: ClassifierGraph) -> list[Waveform]:
    """The beginnings of the sounds that are asked for, at the graph's rate. Raises AudioError for what is not sound."""
    paths, missing = audio_files(sounds)
    if missing:
        raise UsageError(f"{missing[0].where}: {missing[0].what}")
    seconds = max(MOST_SECONDS, CLIPS * graph.clip / graph.sample_rate)
    return [read_audio(path, sample_rate=graph.sample_rate, seconds=seconds) for path in paths]


def _built_in(graph: ClassifierGraph) -> list[Waveform]:
    """Of one to four clips: a graph that takes only what it was traced with is found out."""
    return [_song(number, graph, 1 + number % 4) for number in range(len(STYLES))]


def _song(number: int, graph: ClassifierGraph, clips: int) -> Waveform:
    """One of the built-in songs at the graph's rate, so many clips long and a little."""
    samples = graph.clip + (clips - 1) * graph.hop + graph.hop // (2 + number)
    made = song(list(STYLES)[number], 0, seed=1, seconds=samples / graph.sample_rate + 0.5).at(graph.sample_rate)
    return Waveform(made.samples[:samples], graph.sample_rate)
