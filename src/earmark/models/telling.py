"""What a model that is linear in its terms can say of each of them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@runtime_checkable
class Telling(Protocol):
    """An estimator that is a sum over terms.

    telling  its terms (t,), and what each adds to the decision values of a text that holds nothing else (t, classes)
    """

    def telling(self) -> tuple[tuple[str, ...], NDArray[np.float64]]: ...
