# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Imports the small models written in a test and prints what became of them.

    import_models.py FILE.test

A model stands between a line `=== NAME [opset=N] [ir=N] [import=DOMAIN:N]
[options of sinter compile]` and the next CHECK or empty line, in the text form of ONNX without its
header (or with one that begins with `<`). Printed are `=== NAME` and the module
without locations, or the error with its exit code.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

import onnx
import onnx.parser


def read_cases(path):
    name, options, lines = None, [], []
    for line in open(path, encoding="utf-8"):
        ends = re.match(r"CHECK|\s*$", line)
        if name and ends:
            yield name, options, "".join(lines)
            name, lines = None, []
        if line.startswith("==="):
            name, *options = line.split()[1:]
        elif name and not ends:
            lines.append(line)
    if name:
        yield name, options, "".join(lines)


def build(text, options, path):
    keys = r"(opset|ir|import)="
    given = dict(o.split("=", 1) for o in options if re.match(keys, o))
    if not text.lstrip().startswith("<"):
        domain, _, version = given.get("import", "").partition(":")
        imports = f'"" : {given.get("opset", 17)}' + (f', "{domain}" : {version}' if domain else "")
        text = f'<ir_version: {given.get("ir", 8)}, opset_import: [{imports}]>\n{text}'
    onnx.save(onnx.parser.parse_model(text), path)
    return [o for o in options if not re.match(keys, o)]


def main():
    for name, options, text in read_cases(sys.argv[1]):
        print("===", name, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            model = os.path.join(folder, "model.onnx")
            options = build(text, options, model)
            command = ["check"] if "check" in options else ["compile", "--stop-after=import", "--print-ir"]
            options = [o for o in options if o != "check"]
            done = subprocess.run(["sinter", *command, model, *options, "--json"],
                                  capture_output=True, text=True, check=False)
            try:
                answer = json.loads(done.stdout)
            except ValueError:
                answer = {}
            if done.returncode == 0 and "ir" in answer:
                print(re.sub(r"^#loc.*\n", "", re.sub(r" ?loc\(.*\)$", "", answer["ir"], flags=re.M), flags=re.M))
                continue
            print("exit", done.returncode)
            for key, value in answer.get("error", {}).items():
                print(f"{key}: {value}")
            for issue in answer.get("unsupported", []):
                print("unsupported:", json.dumps(issue))
            if not answer:
                print(done.stdout, done.stderr)


if __name__ == "__main__":
    main()
