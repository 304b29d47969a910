# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cuts an artifact short at many places, and changes bytes at many places: sinter
must refuse each, with exit code 4 and one message.

    damage.py SINTER ARTIFACT SCRATCH
"""
import pathlib
import subprocess
import sys

PLACES = 60


def run(sinter, path):
    return subprocess.run([sinter, "run", path], capture_output=True, text=True)


def main():
    sinter, artifact, scratch = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    good = artifact.read_bytes()
    assert run(sinter, artifact).returncode == 0
    step = len(good) / PLACES
    broken = [("cut at", int(i * step), good[: int(i * step)]) for i in range(PLACES)]
    broken.append(("cut at", len(good) - 1, good[:-1]))
    broken.append(("longer than", len(good), good + b"x"))
    places = [int((i + 0.37) * step) for i in range(PLACES)] + [0, len(good) - 1]
    for place in places:
        changed = bytearray(good)
        changed[place] ^= 0x10
        broken.append(("byte changed at", place, bytes(changed)))
    failed = 0
    for what, place, contents in broken:
        pathlib.Path(scratch).write_bytes(contents)
        done = run(sinter, scratch)
        if done.returncode != 4 or done.stderr.count("sinter: error:") != 1:
            failed += 1
            print(f"{what} {place}: exit code {done.returncode}, {done.stderr[:200]!r}")
    print(f"{len(broken) - failed} of {len(broken)} refused")


if __name__ == "__main__":
    main()
