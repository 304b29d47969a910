// RUN: not sinter-opt %s --sinter-prune-plan='prune=1.0' 2>&1 | FileCheck %s --check-prefix=SHARE
// RUN: not sinter-opt %s --sinter-prune-plan='prune=-0.5' 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not sinter-opt %s --sinter-prune-plan='prune=4:2' 2>&1 | FileCheck %s --check-prefix=GROUPS
// RUN: not sinter-opt %s --sinter-prune-plan='prune=block:2x16:0.8' 2>&1 | FileCheck %s --check-prefix=ROWS
// RUN: not sinter-opt %s --sinter-prune-plan='prune=block:1x16' 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not sinter-opt %s --sinter-prune-plan='layers=(=0.8' 2>&1 | FileCheck %s --check-prefix=REGEX
// RUN: not sinter-opt %s --sinter-prune-plan='layers=a=sparse' 2>&1 | FileCheck %s --check-prefix=WORD

// SHARE: error: prune: expected a share of zeros from 0 to less than 1, but got '1.0'
// NEGATIVE: error: prune: expected a share of zeros such as 0.8, N:M such as 2:4, block:1xN:SHARE such as block:1x16:0.8, or dense, but got '-0.5'
// GROUPS: error: prune: expected N:M with N at most M, such as 2:4, but got '4:2'
// ROWS: error: prune: expected a block of one row, such as 1x16, but got '2x16'
// MISSING: error: prune: expected a share of zeros from 0 to less than 1, but got ''
// REGEX: error: layer '(=0.8': no regular expression:
// WORD: error: layer 'a=sparse': expected a share of zeros such as 0.8
module {}
