"""The README's figure, of what the quickstart leaves behind.

    python tools/docs/neighbours_figure.py RUN/report/neighbours.png

Eight queries with their neighbours, four beside four, smaller, into
docs/pictures/digits_neighbours.png.
"""

import pathlib
import sys

from PIL import Image

TARGET = pathlib.Path(__file__).parents[2] / "docs/pictures"
WIDTH, GAP = 440, 30  # pixels of each half, and between them


def main(path):
    picture = Image.open(path).convert("RGB")
    width, height = picture.size
    middle = height // 2
    tall = WIDTH * middle // width
    figure = Image.new("RGB", (2 * WIDTH + GAP, tall), "white")
    for place, top in enumerate((0, middle)):
        half = picture.crop((0, top, width, top + middle))
        half = half.resize((WIDTH, tall), Image.Resampling.LANCZOS)
        figure.paste(half, (place * (WIDTH + GAP), 0))
    kept = Image.Quantize.FASTOCTREE  # the few pixels in colour too
    figure = figure.quantize(256, method=kept)
    figure.save(TARGET / "digits_neighbours.png", optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
