# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a command and fails unless it ends with this exit code.

    expect_exit.py CODE COMMAND ...
"""
import subprocess
import sys

found = subprocess.run(sys.argv[2:]).returncode
if found != int(sys.argv[1]):
    sys.exit(f"exit code {found}, expected {sys.argv[1]}: {' '.join(sys.argv[2:])}")
