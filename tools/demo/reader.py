# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads the text in a picture with the three PP-OCRv4 models: one finds lines of
text, one tells which of them stand upside down, one reads them."""
import math

import numpy as np
from PIL import Image

TEXT_THRESHOLD = 0.3  # a pixel this likely is text
BOX_THRESHOLD = 0.5   # a box with this mean is text
GROWTH = 1.6          # boxes are found too small, by this much of area / perimeter
TURN_THRESHOLD = 0.9  # a line this likely upside down is turned


def normalize(image):
    """uint8 pixels (h, w, 3), red first, to floats in [-1, 1], (3, h, w), blue first."""
    pixels = np.asarray(image, np.float32)[:, :, ::-1].transpose(2, 0, 1)
    return pixels / 127.5 - 1


def connected_boxes(mask):
    """Yields (left, top, right, bottom) of each connected region of a mask.

    Goes down the rows; a run of set pixels joins the regions of the runs above
    that it touches.
    """
    parent, boxes = [], []

    def find(region):
        while parent[region] != region:
            parent[region] = parent[parent[region]]
            region = parent[region]
        return region

    above = []
    for y, row in enumerate(mask):
        edges = np.flatnonzero(np.diff(np.pad(row.astype(np.int8), 1)))
        runs = []
        for left, right in zip(edges[::2].tolist(), edges[1::2].tolist()):
            region = len(parent)
            parent.append(region)
            boxes.append([left, y, right, y + 1])
            for other_left, other_right, other in above:
                if other_left <= right and left <= other_right:
                    joined = find(other)
                    if joined != region:
                        a, b = boxes[region], boxes[joined]
                        boxes[region] = [min(a[0], b[0]), min(a[1], b[1]),
                                         max(a[2], b[2]), max(a[3], b[3])]
                        parent[joined] = region
            runs.append((left, right, region))
        above = runs
    for region, box in enumerate(boxes):
        if parent[region] == region:
            yield tuple(box)


def find_lines(detect, picture):
    """Returns the boxes of the lines of text, top to bottom."""
    # The network halves its input five times.
    width, height = (max(32, round(side / 32) * 32) for side in picture.size)
    likely = detect(normalize(picture.resize((width, height)))[None])[0, 0]
    scale_x, scale_y = picture.width / width, picture.height / height
    lines = []
    for left, top, right, bottom in connected_boxes(likely > TEXT_THRESHOLD):
        if min(right - left, bottom - top) < 3:
            continue
        if likely[top:bottom, left:right].mean() < BOX_THRESHOLD:
            continue
        w, h = right - left, bottom - top
        grow = w * h * GROWTH / (2 * (w + h))
        lines.append((max(0, (left - grow) * scale_x), max(0, (top - grow) * scale_y),
                      min(picture.width, (right + grow) * scale_x),
                      min(picture.height, (bottom + grow) * scale_y)))
    return sorted(lines, key=lambda box: (box[1] + box[3], box[0]))


def batch(images, width):
    """Scales images to height 48 and stacks them, padded on the right to `width`."""
    result = np.zeros((len(images), 3, 48, width), np.float32)
    for row, image in zip(result, images):
        scaled = min(width, math.ceil(48 * image.width / image.height))
        row[:, :, :scaled] = normalize(image.resize((scaled, 48), Image.BILINEAR))
    return result


def turn_upright(classify, images):
    """Turns the images that stand upside down; returns how many did."""
    likely = classify(batch(images, 192))[:, 1]
    turned = 0
    for i, probability in enumerate(likely):
        if probability > TURN_THRESHOLD:
            images[i] = images[i].rotate(180)
            turned += 1
    return turned


def decode(scores, characters):
    """Best path of connectionist temporal classification: repeats count once,
    class 0 is nothing, the last class is a blank."""
    symbols = [""] + characters + [" "]
    best = scores.argmax(axis=1)
    keep = np.insert(best[1:] != best[:-1], 0, True)
    return "".join(symbols[i] for i in best[keep])


def read(picture, detect, classify, recognize, characters):
    """Returns the texts in a picture, top to bottom, and how many were turned."""
    boxes = find_lines(detect, picture)
    images = [picture.crop(tuple(round(side) for side in box)) for box in boxes]
    if not images:
        return [], 0
    turned = turn_upright(classify, images)
    # Lines of like length together, so that little is padding.
    order = sorted(range(len(images)), key=lambda i: images[i].width / images[i].height)
    texts = [""] * len(images)
    for start in range(0, len(order), 6):
        some = order[start:start + 6]
        width = max(320, *(math.ceil(48 * images[i].width / images[i].height) for i in some))
        scores = recognize(batch([images[i] for i in some], width))
        for i, score in zip(some, scores):
            texts[i] = decode(score, characters)
    return texts, turned
