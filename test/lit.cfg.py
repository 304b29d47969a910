import os
import shutil

import lit.formats

config.name = "sinter"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "models"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.sinter_obj_root, "test")
config.environment["PATH"] = os.pathsep.join(
    [config.sinter_bin_dir, config.llvm_tools_dir, config.environment["PATH"]])
config.environment["FILECHECK_OPTS"] = "-enable-var-scope --allow-unused-prefixes=false"
config.substitutions.append(("%python", config.sinter_python))
config.substitutions.append(("%models", config.sinter_models_dir))

# A browser is no requirement: without one, the tests that use it are reported as unsupported.
chromium = shutil.which("chromium") or shutil.which("chromium-browser")
if chromium:
    config.available_features.add("chromium")
    config.substitutions.append(("%chromium", chromium))
# Folders with a libcuda.so.1: the virtual GPU, and one that has too few functions.
config.substitutions.append(
    ("%virtual-gpu", os.path.join(config.sinter_obj_root, "lib", "virtual-gpu")))
config.substitutions.append(
    ("%old-driver", os.path.join(config.sinter_obj_root, "test", "runtime", "cuda", "old")))

# The assembler of the CUDA toolkit: tests of facts of device code are skipped
# without it.
if config.sinter_ptxas and not config.sinter_ptxas.endswith("-NOTFOUND"):
    config.available_features.add("ptxas")
    config.substitutions.append(("%ptxas", config.sinter_ptxas))
else:
    lit_config.note("no ptxas: tests that assemble PTX are skipped")
