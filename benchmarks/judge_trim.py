"""How far the borders that earmark finds in spectrogram pictures lie from the true ones.

    python benchmarks/judge_trim.py FOLDER

Every PNG and JPEG below FOLDER is judged: a `.json` of the same name beside it gives the true `content_box_px` (left,
top, right, bottom); a picture without one is bare and must stay as it is. The error is that of the worst side, in
pixels.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from earmark.images.decode import IMAGE_SUFFIXES, read_image
from earmark.images.trim import content_box


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    errors = []
    for path in sorted(file for file in folder.rglob("*") if file.suffix.lower() in IMAGE_SUFFIXES):
        image = read_image(path)
        found = content_box(image)
        beside = path.with_suffix(".json")
        true = (0, 0, image.shape[1], image.shape[0])
        if beside.exists():
            true = json.loads(beside.read_text(encoding="utf-8")).get("content_box_px", true)
        errors.append(max(abs(a - b) for a, b in zip(found, true, strict=True)))
        print(path.relative_to(folder), *found, f"error {errors[-1]:.1f}")
    print(f"pictures {len(errors)}")
    print(f"within_2px {sum(error <= 2 for error in errors)}")
    print(f"worst {max(errors, default=0.0):.1f}")


if __name__ == "__main__":
    main()
