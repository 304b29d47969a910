# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Draws the picture that the demo reads."""
import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = (960, 640)  # width, height

# Text, height of its letters, left upper corner, colour, upside down.
LINES = [
    ("From ONNX to machine code", 46, (70, 60), (20, 40, 90), False),
    ("one file, no interpreter", 38, (120, 160), (150, 30, 30), False),
    ("fused kernels", 54, (90, 260), (20, 100, 60), False),
    ("1234567890", 44, (560, 268), (90, 50, 120), False),
    ("upside down", 42, (150, 380), (40, 40, 40), True),
    ("small letters as well", 24, (560, 400), (60, 60, 60), False),
    ("SINTER", 84, (300, 490), (200, 90, 0), False),
]

FONT = pathlib.Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")


def load_font(height):
    """DejaVu Sans where it is installed, else the font inside Pillow."""
    if FONT.exists():
        return ImageFont.truetype(str(FONT), height)
    return ImageFont.load_default(height)


def draw():
    """Returns the picture and the texts in it, from top to bottom."""
    # Paper: a soft gradient with a little grain, the same every time.
    width, height = SIZE
    rows = np.linspace(250, 225, height)[:, None, None]
    grain = np.random.default_rng(3).normal(0, 3, (height, width, 3))
    paper = np.clip(rows + grain, 0, 255).astype(np.uint8)
    picture = Image.fromarray(paper)
    for text, size, corner, colour, upside_down in LINES:
        font = load_font(size)
        left, top, right, bottom = font.getbbox(text)
        layer = Image.new("L", (right - left + 8, bottom - top + 8))
        ImageDraw.Draw(layer).text((4 - left, 4 - top), text, 255, font)
        if upside_down:
            layer = layer.rotate(180)
        picture.paste(colour, corner, layer)
    return picture, [line[0] for line in LINES]
