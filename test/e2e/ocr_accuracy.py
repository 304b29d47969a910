#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Judges the quantized PP-OCRv4 recogniser on rendered lines of text.

The model is compiled as it is and with --precision w8a8, calibrated on 32 lines.
Both read other lines; the character error rate (edit distance over length) of the
quantized one may be at most one point (0.01) above that of the other.

    ocr_accuracy.py --build DIR [--lines N] [OPTION ...]

Judges on 200 lines with SINTER_TEST_FULL in the environment, else on 50. Further
options go to `sinter compile`.
"""
import argparse
import math
import os
import pathlib
import sys
import tempfile

import numpy as np
import onnx
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from compare_models import Sinter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "demo"))
import engines
import reader

CALIBRATION_LINES = 32
POINT = 0.01
FONTS = pathlib.Path("/usr/share/fonts/truetype/dejavu")
FACES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf", "DejaVuSerif.ttf",
         "DejaVuSerif-Bold.ttf")
WORDS = """the of and to in is that for it as was with be by on not he his but at are this have
from or had an they which one you were all her she there would their we him been has when who
will no more if out so up said what its about than into them can only other time new some could
these two may first then do any like my now over such our man me even most made after also did
many off before must well back through years where much your way down should because long each
just state those people too mister how little good world make very year still see own work men
day get here old life both between being under three never know same last another while us might
great go come since against right came take used himself few house American use place during
high without again home around small however found Mrs part school thought went say general once
upon war every does got united left number course water until always away public something fact
invoice total amount date page street order price tax phone account balance""".split()


def make_text(rng):
    """Two to five words, some in capitals, some replaced by numbers or prices."""
    words = []
    for _ in range(rng.integers(2, 6)):
        word = str(rng.choice(WORDS))
        kind = rng.random()
        if kind < 0.12:
            word = str(rng.integers(0, 100000))
        elif kind < 0.18:
            word = f"{rng.integers(0, 1000)}.{rng.integers(0, 100):02}"
        elif kind < 0.3:
            word = word.capitalize()
        elif kind < 0.36:
            word = word.upper()
        words.append(word)
    return " ".join(words)


def draw_line(text, rng):
    """A picture of the text in some face, size and pair of colours, with noise; some blurred."""
    font = ImageFont.truetype(str(FONTS / str(rng.choice(FACES))), int(rng.integers(18, 56)))
    left, top, right, bottom = font.getbbox(text)
    margin = int(rng.integers(2, 8))
    ink, paper = rng.integers(0, 90, 3), rng.integers(170, 256, 3)
    if rng.random() < 0.2:
        ink, paper = paper, ink
    image = Image.new("RGB", (right - left + 2 * margin, bottom - top + 2 * margin),
                      tuple(paper.tolist()))
    ImageDraw.Draw(image).text((margin - left, margin - top), text, tuple(ink.tolist()), font)
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2)))
    noisy = np.asarray(image, np.float32) + rng.normal(0, rng.uniform(0, 12), (image.height, image.width, 1))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def make_lines(count, seed):
    """Texts, and what the recogniser takes for each: (1, 3, 48, width)."""
    rng = np.random.default_rng(seed)
    lines = []
    for _ in range(count):
        text = make_text(rng)
        image = draw_line(text, rng)
        width = max(96, math.ceil(48 * image.width / image.height / 8) * 8)
        lines.append((text, reader.batch([image], width)))
    return lines


def count_edits(a, b):
    """Levenshtein distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


def get_error_rate(engine, lines, characters):
    edits = sum(count_edits(text, reader.decode(engine.run(pixels)[0], characters))
                for text, pixels in lines)
    return edits / sum(len(text) for text, _ in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--lines", type=int,
                        default=200 if os.environ.get("SINTER_TEST_FULL") else 50)
    arguments, options = parser.parse_known_args()
    build = arguments.build.resolve()
    model = build / "models" / "ocr_rec.onnx"
    properties = onnx.load(model, load_external_data=False).metadata_props
    characters = next(p.value for p in properties if p.key == "character").splitlines()
    judged = make_lines(arguments.lines, seed=2)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        sinter = Sinter(build, folder)
        samples = folder / "samples"
        samples.mkdir()
        for i, (_, pixels) in enumerate(make_lines(CALIBRATION_LINES, seed=1)):
            np.savez(samples / f"{i:02}.npz", x=pixels)
        rates = {}
        for name, flags in (("fp32", []),
                            ("w8a8", ["--precision", "w8a8", "--calibrate", samples, *options])):
            artifact = folder / f"{name}.sinter"
            facts = sinter.compile_facts(model, artifact, *flags)
            engine = engines.SinterEngine(build / "lib" / "libsinter_rt.so", artifact)
            engine.seconds = 0.0
            rates[name] = get_error_rate(engine, judged, characters)
            layers = len(facts["quantized"]), len(facts["quantized"]) + len(facts["left"])
            print(f"{name}: character error rate {100 * rates[name]:.2f} % on {len(judged)} lines, "
                  f"{layers[0]} of {layers[1]} layers quantized, {engine.seconds:.2f} s in the model",
                  flush=True)
    if rates["w8a8"] > rates["fp32"] + POINT:
        sys.exit("ocr_accuracy: quantization costs more than a point")


if __name__ == "__main__":
    main()
