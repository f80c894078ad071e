"""Names of models, data sets and the like → the code behind them, looked up only when asked for.

Listing imports nothing. A package elsewhere adds an entry through the entry-point group `earmark.KINDS`
(`earmark.models`, `earmark.datasets`, …); a name taken twice is an error.

Names stand in recipes and in saved classifiers, so that they outlive releases: what is called otherwise now is still
found by its old name, in `renamed`, with a warning.
"""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Union, get_args, get_type_hints

import msgspec

from earmark.errors import EarmarkError, UsageError, nearest


class Catalog:
    """The things of one kind by name. `entries` maps a name to `"module:attribute"`, `renamed` an old name to a new."""

    def __init__(
        self, kind: str, plural: str, entries: Mapping[str, str], *, renamed: Mapping[str, str] | None = None
    ) -> None:
        self.kind = kind
        self.plural = plural
        self.renamed = dict(renamed or {})
        self._own = dict(entries)

    @cached_property
    def _entries(self) -> dict[str, str]:
        found = dict(self._own)
        for point in entry_points(group=f"earmark.{self.plural}"):
            if point.name in found:
                raise UsageError(
                    f"{self.kind} {point.name!r} of {point.value} is already {found[point.name]}; rename one of them"
                )
            found[point.name] = point.value
        return found

    def names(self) -> list[str]:
        """All known names, in alphabetical order."""
        return sorted(self._entries)

    def find(self, name: str) -> Any:
        """The class or function that `name` stands for.

        Raises UsageError that lists the known names, or says why the code behind a known one cannot be loaded. Warns
        of an old name, which is found all the same.
        """
        if name in self.renamed:
            now = self.renamed[name]
            warnings.warn(f"{self.kind} {name!r} is called {now!r} now", DeprecationWarning, stacklevel=2)
            name = now
        if name not in self._entries:
            raise UsageError(f"no {self.kind} {name!r}{nearest(name, self._entries)}; known: {', '.join(self.names())}")
        module, _, attribute = self._entries[name].partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except EarmarkError:
            raise
        except Exception as error:  # an entry may be anyone's code, and fail to load in any way
            raise UsageError(
                f"{self.kind} {name!r} cannot be loaded from {self._entries[name]}: {type(error).__name__}: {error}"
            ) from error

    def options(self, name: str) -> dict[str, inspect.Parameter]:
        """The keyword-only parameters of `name`: what a recipe may set."""
        parameters = inspect.signature(self.find(name)).parameters.values()
        return {p.name: p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}

    def check(self, name: str, options: Mapping[str, Any]) -> None:
        """Raise UsageError for an unknown name or option, one missing without a default, or a value of another kind."""
        known = self.options(name)
        for option in options:
            if option not in known:
                raise UsageError(
                    f"{self.kind} {name!r} has no option {option!r}{nearest(option, known)}; "
                    f"it takes: {', '.join(known) or 'none'}"
                )
        for option, parameter in known.items():
            if parameter.default is inspect.Parameter.empty and option not in options:
                raise UsageError(f"{self.kind} {name!r} needs the option {option!r}")

        hints = _hints(self.find(name))
        for option, value in options.items():
            try:
                msgspec.convert(str(value) if isinstance(value, Path) else value, hints.get(option, Any))
            except msgspec.ValidationError as error:
                raise UsageError(f"{self.kind} {name!r}: {option} = {value!r}: {error}") from error

    def build(self, name: str, *arguments: Any, options: Mapping[str, Any]) -> Any:
        """Call `name` with `arguments` and `options`, once they have passed `check`."""
        self.check(name, options)
        return self.find(name)(*arguments, **options)


def _hints(factory: Any) -> dict[str, Any]:
    """What the code says its options are; of `str | Path` the text alone, since a recipe holds no paths."""
    try:
        hints = get_type_hints(factory.__init__ if inspect.isclass(factory) else factory)
    except NameError:  # annotated with what only a type checker imports: nothing to check by
        return {}
    found = {}
    for name, hint in hints.items():
        kinds = tuple(kind for kind in get_args(hint) if kind is not Path)
        found[name] = Union[kinds] if Path in get_args(hint) else hint  # noqa: UP007 - made of what is found
    return found


MODELS = Catalog(
    "model",
    "models",
    {
        "artist_name": "earmark.models.artist_name:ArtistName",
        "densenet121": "earmark.models.densenet121:DenseNet121",
        "efficientnet_lite0": "earmark.models.efficientnet_lite0:EfficientNetLite0",
        "feature_discriminant": "earmark.models.feature_discriminant:FeatureDiscriminant",
        "feature_svm": "earmark.models.feature_svm:FeatureSVM",
        "image_cnn": "earmark.models.image_cnn:ImageCNN",
        "inception_resnet_v2": "earmark.models.inception_resnet_v2:InceptionResNetV2",
        "parallel_cnn": "earmark.models.parallel_cnn:ParallelCNN",
        "probe": "earmark.models.probe:Probe",
        "cnn_rnn": "earmark.models.cnn_rnn:CNNRNN",
        "compact_transformer": "earmark.models.compact_transformer:CompactTransformer",
        "resnet9": "earmark.models.resnet9:ResNet9",
        "short_chunk_resnet": "earmark.models.short_chunk_resnet:ShortChunkResNet",
        "stacked_cnn": "earmark.models.stacked_cnn:StackedCNN",
        "text_average": "earmark.models.text_average:TextAverage",
        "text_bert": "earmark.models.text_bert:TextBert",
        "text_cnn": "earmark.models.text_cnn:TextCNN",
        "text_boosting": "earmark.models.text_boosting:TextBoosting",
        "text_forest": "earmark.models.text_forest:TextForest",
        "text_pool": "earmark.models.text_pool:TextPool",
        "text_rnn": "earmark.models.text_rnn:TextRNN",
        "text_tree": "earmark.models.text_tree:TextTree",
        "tfidf_logistic": "earmark.models.tfidf_logistic:TfidfLogistic",
        "tfidf_svm": "earmark.models.tfidf_svm:TfidfSVM",
        "twin_stacked_cnn": "earmark.models.twin_stacked_cnn:TwinStackedCNN",
        "vgg": "earmark.models.vgg:VGG",
    },
)
AUTOENCODERS = Catalog("autoencoder", "autoencoders", {"autoencoder": "earmark.models.autoencoder:Autoencoder"})
DATASETS = Catalog(
    "data set",
    "datasets",
    {
        "cifar100": "earmark.datasets.cifar100:cifar100",
        "course_songs": "earmark.datasets.course_songs:course_songs",
        "fma": "earmark.datasets.fma:fma",
        "folder": "earmark.datasets.folder:folder",
        "gtzan": "earmark.datasets.gtzan:gtzan",
        "image_folder": "earmark.datasets.image_folder:image_folder",
        "lyrics": "earmark.datasets.lyrics:lyrics",
        "manifest": "earmark.datasets.manifest:manifest",
        "mel_arrays": "earmark.datasets.mel_arrays:mel_arrays",
        "synthetic": "earmark.datasets.synthetic:synthetic",
        "tfdata": "earmark.datasets.tfdata:tfdata",
    },
)
FEATURES = Catalog(
    "feature",
    "features",
    {
        "efficientnet_lite0": "earmark.features.efficientnet_lite0:efficientnet_lite0_features",
        "log_mel": "earmark.features.log_mel:log_mel_features",
        "musicnn": "earmark.features.musicnn:musicnn_features",
        "pieces": "earmark.features.pieces:piece_features",
        "pixels": "earmark.features.pixels:pixels",
        "sentence": "earmark.features.sentence:sentence_features",
        "texts": "earmark.features.plain_text:plain_text",
        "words": "earmark.features.words:word_features",
    },
)
AUGMENTATIONS = Catalog(
    "augmentation",
    "augmentations",
    {
        "band_shift": "earmark.augment.band_shift:band_shift",
        "crop": "earmark.augment.crop:crop",
        "cutmix": "earmark.augment.cutmix:cutmix",
        "cutout": "earmark.augment.cutout:cutout",
        "equaliser": "earmark.augment.equaliser:equaliser",
        "flip": "earmark.augment.flip:flip",
        "frequency_mask": "earmark.augment.frequency_mask:frequency_mask",
        "gain": "earmark.augment.gain:gain",
        "mixup": "earmark.augment.mixup:mixup",
        "noise": "earmark.augment.noise:noise",
        "shift": "earmark.augment.shift:shift",
        "time_mask": "earmark.augment.time_mask:time_mask",
        "time_stretch": "earmark.augment.time_stretch:time_stretch",
    },
)
OPTIMISERS = Catalog(
    "optimiser",
    "optimisers",
    {
        "adam": "earmark.training.optimisers:adam",
        "adamw": "earmark.training.optimisers:adamw",
        "rmsprop": "earmark.training.optimisers:rmsprop",
        "sgd": "earmark.training.optimisers:sgd",
    },
)
SCHEDULES = Catalog(
    "schedule",
    "schedules",
    {
        "constant": "earmark.training.schedules:constant",
        "cosine": "earmark.training.schedules:cosine",
        "inverse_time": "earmark.training.schedules:inverse_time",
        "one_cycle": "earmark.training.schedules:one_cycle",
        "plateau": "earmark.training.schedules:plateau",
        "step": "earmark.training.schedules:step",
    },
)
LOSSES = Catalog(
    "loss",
    "losses",
    {
        "binary_cross_entropy": "earmark.training.losses:binary_cross_entropy",
        "cross_entropy": "earmark.training.losses:cross_entropy",
        "focal": "earmark.training.losses:focal",
    },
)
AVERAGINGS = Catalog(
    "averaging", "averagings", {"ema": "earmark.training.averaging:ema", "swa": "earmark.training.averaging:swa"}
)
