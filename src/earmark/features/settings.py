"""What the features of a recipe can be; one of these travels with the classifier."""

from __future__ import annotations

from earmark.features.efficientnet_lite0 import SeenByEfficientNet
from earmark.features.log_mel import LogMel
from earmark.features.musicnn import Musicnn
from earmark.features.pieces import Pieces
from earmark.features.pixels import Pixels
from earmark.features.plain_text import PlainText
from earmark.features.sentence import Sentence
from earmark.features.words import Words

Features = LogMel | Musicnn | Pieces | Pixels | PlainText | SeenByEfficientNet | Sentence | Words
OF_TEXT = Pieces | PlainText | Sentence | Words
