"""The answers of `MusicnnNetwork` in a quarter of its time, exact to float32.

The network keeps of each of its first filters only the strongest answer of all bands. What follows the convolution
(bias, ReLU, normalisation) rises with it, or falls where the normalisation's factor is negative, so that it need be
applied only to the largest answer of the filter, or of its negative. The largest answer is found

- for the wide filters by the correlation theorem: the spectrum of a frame over its 96 bands times that of the filter,
  and back. Places as far above the middle as below it share the way back: their answers are C + S and C - S, with the
  cosines' and the sines' part, and the larger is C + |S|. That takes 71 and 93 multiplications an answer, not 266 and
  469, and errs no more than the convolution's own sums.
- for the filters of one band by products with a matrix that holds the filter at eight delays.

Patches that overlap share the windows of 7 frames that no patch's edge cuts. All is done some frames at a time, so that
what lies between stays in the processor's cache.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from earmark.models.musicnn import BANDS, PATCH_FRAMES, TIMBRAL, BandFilters, MusicnnNetwork, Outputs

BLOCK_FRAMES = 32  # whose answers fill half of a core's megabyte of cache; 8 and 64 are slower
GROUP = 16  # patches at a time: memory does not grow with the sound, and of overlapping ones little is done twice
DELAYS = 8  # with more, more of the matrix is zeros; with fewer, the products are narrow
TAPS = TIMBRAL[0][0]  # frames of a wide filter
REACH = TAPS // 2
ANGLES = 2 * torch.pi / BANDS * torch.arange(BANDS // 2 + 1, dtype=torch.float64)  # a band, of each bin


class FastMusicnn(nn.Module):
    """`MusicnnNetwork` for inference, with the weights that it has now.

    Input  (frames, 96) log-mel of one piece of sound of at least one patch, and the frames from one patch of 187 to the
           next; what is left at the end and fills no patch is not heard.
    Output `Outputs` of the patches.
    """

    sign: Tensor
    bias: Tensor
    scale: Tensor
    shift: Tensor
    basis: Tensor

    def __init__(self, network: MusicnnNetwork) -> None:
        super().__init__()
        self.network = network
        filters = cast(list[BandFilters], list(network.front))
        with torch.no_grad():
            scales, shifts = zip(*(_affine(f.norm) for f in filters), strict=True)
            signs = [1 - 2 * (scale < 0).float() for scale in scales]
            kernels = [f.conv.weight[:, 0] * sign[:, None, None] for f, sign in zip(filters, signs, strict=True)]
            self.register_buffer("sign", torch.cat(signs))
            self.register_buffer("bias", torch.cat([cast(Tensor, f.conv.bias) for f in filters]))
            self.register_buffer("scale", torch.cat(scales))
            self.register_buffer("shift", torch.cat(shifts))
        self.wide = nn.ModuleList(map(_WideFilters, kernels[: len(TIMBRAL)]))
        self.long = nn.ModuleList(_LongFilters(kernel[:, :, 0]) for kernel in kernels[len(TIMBRAL) :])
        turn = torch.arange(BANDS)[:, None] * ANGLES
        self.register_buffer("basis", torch.cat([turn.cos(), -turn.sin()], dim=1).float())
        self.eval()

    @torch.inference_mode()
    def forward(self, frames: Tensor, hop: int = PATCH_FRAMES) -> Outputs:
        begins = range(0, len(frames) - PATCH_FRAMES + 1, hop)
        groups = [begins[first : first + GROUP] for first in range(0, len(begins), GROUP)]
        heard = [self._of_group(frames[group[0] : group[-1] + PATCH_FRAMES], hop) for group in groups]
        return Outputs(*map(torch.cat, zip(*heard, strict=True)))

    def _of_group(self, frames: Tensor, hop: int) -> Outputs:
        """What the network says of some patches."""
        levelled = self.network.levelled(frames)
        patches = levelled.unfold(0, PATCH_FRAMES, hop).transpose(1, 2)
        largest = torch.cat([self._of_windows(levelled, hop), *(filters(patches) for filters in self.long)], dim=2)
        heard = (largest * self.sign + self.bias).relu() * self.scale + self.shift
        return self.network.judge(heard.transpose(1, 2))

    def _of_windows(self, levelled: Tensor, hop: int) -> Tensor:
        """The wide filters' largest answers (patches, 187, 408) to levelled frames (frames, 96)."""
        windows, place = _windows(len(levelled), hop)
        spectra = nn.functional.pad(levelled, (0, 0, 0, 1)) @ self.basis  # the last one is that of a patch's padding
        spectra = spectra.reshape(-1, 2, len(ANGLES))
        out = []
        for block in torch.split(windows, BLOCK_FRAMES):
            parts = spectra[block].permute(3, 0, 2, 1).flatten(2)  # bins × windows × (real parts, then imaginary ones)
            out.append(torch.cat([filters(parts) for filters in self.wide], dim=1))
        return torch.cat(out)[place]


def _windows(frames: int, hop: int) -> tuple[Tensor, Tensor]:
    """Windows (n, 7) of frames to be looked at, and which of them are each patch's, (patches, 187).

    A frame beyond the patch's edge has the number `frames`.
    """
    begins = torch.arange(0, frames - PATCH_FRAMES + 1, hop)
    inside = torch.arange(PATCH_FRAMES)
    before, after = (REACH - inside).clamp(min=0), (inside - (PATCH_FRAMES - 1 - REACH)).clamp(min=0)  # are beyond it
    names = (begins[:, None] + inside) * TAPS**2 + before * TAPS + after
    known, place = torch.unique(names, return_inverse=True)
    centre, before, after = known // TAPS**2, known // TAPS % TAPS, known % TAPS
    tap = torch.arange(TAPS)
    windows = centre[:, None] + tap - REACH
    beyond = (tap < before[:, None]) | (tap >= TAPS - after[:, None])
    return windows.masked_fill(beyond, frames), place


class _WideFilters(nn.Module):
    """Filters (channels, 7 frames, width) of their largest answers at all places on 96 bands.

    Input  (49, windows, 14): of each bin of the spectrum over bands, the real, then the imaginary parts of 7 frames.
    Output (windows, channels).
    """

    real: Tensor
    imaginary: Tensor
    cosines: Tensor
    sines: Tensor

    def __init__(self, kernel: Tensor) -> None:
        super().__init__()
        width = kernel.shape[2]
        places = BANDS - width + 1
        share = torch.full((len(ANGLES), 1), 2 / BANDS)
        share[[0, -1]] /= 2  # which are their own mirror images
        turn = ANGLES[:, None] * (torch.arange(width) + (places - 1) / 2)
        real, imaginary = (
            torch.einsum("ctw,kw->ktc", kernel.double(), share * part) for part in (turn.cos(), turn.sin())
        )
        self.register_buffer("real", torch.cat([real, -imaginary], dim=1).float())
        self.register_buffer("imaginary", torch.cat([imaginary, real], dim=1).float())
        away = torch.arange((places + 1) // 2)[:, None] + (0 if places % 2 else 0.5)  # bands from the middle place
        self.register_buffer("cosines", (away * ANGLES).cos().float())
        self.register_buffer("sines", (away * ANGLES).sin().float())

    def forward(self, parts: Tensor) -> Tensor:
        even = self.cosines @ torch.bmm(parts, self.real).flatten(1)
        odd = self.sines @ torch.bmm(parts, self.imaginary).flatten(1)
        return even.add_(odd.abs_()).amax(0).reshape(parts.shape[1], -1)


class _LongFilters(nn.Module):
    """Filters (channels, n frames) of one band, of their largest answers in all bands.

    Input  (patches, frames, bands).
    Output (patches, frames, channels).
    """

    delayed: Tensor

    def __init__(self, kernel: Tensor) -> None:
        super().__init__()
        self.channels, self.taps = kernel.shape
        delayed = torch.zeros(DELAYS + self.taps - 1, DELAYS, self.channels)
        for delay in range(DELAYS):
            delayed[delay : delay + self.taps, delay] = kernel.T
        self.register_buffer("delayed", delayed.flatten(1))

    def forward(self, patches: Tensor) -> Tensor:
        count, frames, bands = patches.shape
        steps = -(-frames // DELAYS)
        before, after = (self.taps - 1) // 2, self.taps // 2 + steps * DELAYS - frames
        spans = nn.functional.pad(patches, (0, 0, before, after)).unfold(1, DELAYS + self.taps - 1, DELAYS)
        out = []
        for block in torch.split(spans.flatten(0, 1), BLOCK_FRAMES // DELAYS):  # (steps, bands, frames)
            answers = block.transpose(0, 1).flatten(0, 1) @ self.delayed
            out.append(answers.reshape(bands, -1, self.channels).amax(0))
        return torch.cat(out).reshape(count, -1, self.channels)[:, :frames]


def _affine(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """What a normalisation multiplies by in evaluation, and what it adds then, (channels,) each."""
    scale = norm.weight * (cast(Tensor, norm.running_var) + norm.eps).rsqrt()
    return scale, norm.bias - cast(Tensor, norm.running_mean) * scale
