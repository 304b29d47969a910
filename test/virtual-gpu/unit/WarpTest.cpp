//===- WarpTest.cpp - lanes, barriers, atomics, control flow --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gpu.h"

using namespace sinter::vgpu::abi;

namespace {

class WarpLevel : public Gpu {
public:
  /// What each thread leaves in %r0; %r1 is its number.
  std::vector<uint32_t> run(const std::string &body, unsigned threads = 32) {
    loadKernel("ld.param.u64 %d0, [p0];\nmov.u32 %r1, %tid.x;\n"
               "mad.wide.u32 %d1, %r1, 4, %d0;\n" +
                   body + "\nst.global.u32 [%d1], %r0;",
               1);
    CUdeviceptr out = allocate(threads * 4);
    EXPECT_EQ(launch("k", {1}, {threads}, 0, out), CUDA_SUCCESS) << body;
    return download<uint32_t>(out, threads);
  }
  /// Expects `expected(thread)` everywhere.
  template <typename F>
  void check(const std::string &body, F expected, unsigned threads = 32) {
    std::vector<uint32_t> got = run(body, threads);
    for (uint32_t i = 0; i < threads; ++i)
      EXPECT_EQ(got[i], static_cast<uint32_t>(expected(i)))
          << "thread " << i << " of " << body;
  }
};

} // namespace

TEST_F(WarpLevel, Shuffles) {
  check("shfl.sync.bfly.b32 %r0, %r1, 5, 31, -1;",
        [](uint32_t i) { return i ^ 5; });
  check("shfl.sync.up.b32 %r0, %r1, 3, 0, -1;",
        [](uint32_t i) { return i < 3 ? i : i - 3; });
  check("shfl.sync.down.b32 %r0, %r1, 3, 31, -1;",
        [](uint32_t i) { return i + 3 > 31 ? i : i + 3; });
  check("shfl.sync.idx.b32 %r0, %r1, 9, 31, -1;", [](uint32_t) { return 9; });
  // Segments of 8 lanes: mask 0x18, clamp 7 or 31.
  check("shfl.sync.down.b32 %r0, %r1, 3, 0x181f, -1;",
        [](uint32_t i) { return i % 8 + 3 > 7 ? i : i + 3; });
  check("shfl.sync.idx.b32 %r0, %r1, 2, 0x181f, -1;",
        [](uint32_t i) { return i / 8 * 8 + 2; });
  check("shfl.sync.down.b32 %r2|%p1, %r1, 16, 31, -1;\n"
        "selp.u32 %r0, 1, 0, %p1;",
        [](uint32_t i) { return i < 16; });
}

TEST_F(WarpLevel, VotesAndReductions) {
  const std::string odd = "and.b32 %r2, %r1, 1;\nsetp.eq.u32 %p1, %r2, 1;\n";
  check(odd + "vote.sync.ballot.b32 %r0, %p1, -1;",
        [](uint32_t) { return 0xaaaaaaaa; });
  check(odd + "vote.sync.any.pred %p2, %p1, -1;\nselp.u32 %r0, 1, 0, %p2;",
        [](uint32_t) { return 1; });
  check(odd + "vote.sync.all.pred %p2, !%p1, -1;\nselp.u32 %r0, 1, 0, %p2;",
        [](uint32_t) { return 0; });
  check("redux.sync.add.u32 %r0, %r1, -1;", [](uint32_t) { return 496; });
  check("sub.u32 %r2, %r1, 10;\nredux.sync.min.s32 %r0, %r2, -1;",
        [](uint32_t) { return -10; });
  check("shr.u32 %r2, %r1, 3;\nmatch.any.sync.b32 %r0, %r2, -1;",
        [](uint32_t i) { return 0xffu << (i / 8 * 8); });
  check("setp.lt.u32 %p1, %r1, 4;\nmov.u32 %r0, 0;\n@%p1 activemask.b32 %r0;",
        [](uint32_t i) { return i < 4 ? 15 : 0; });
}

TEST_F(WarpLevel, BarrierReductions) {
  const std::string few = "setp.lt.u32 %p1, %r1, 50;\n";
  check(few + "bar.red.popc.u32 %r0, 0, %p1;", [](uint32_t) { return 50; }, 96);
  check(
      few + "bar.red.and.pred %p2, 0, %p1;\nselp.u32 %r0, 1, 0, %p2;",
      [](uint32_t) { return 0; }, 96);
  check(
      few + "barrier.cta.red.or.aligned.all.pred %p2, 0, !%p1;\n"
            "selp.u32 %r0, 1, 0, %p2;",
      [](uint32_t) { return 1; }, 96);
}

TEST_F(WarpLevel, IndexedBranches) {
  check("and.b32 %r2, %r1, 3;\nbrx.idx %r2, targets;\n"
        "targets: .branchtargets one, two, one, three;\n"
        "one: mov.u32 %r0, 100;\nbra done;\n"
        "two: mov.u32 %r0, 200;\nbra done;\n"
        "three: mov.u32 %r0, 300;\n"
        "done: add.u32 %r0, %r0, %r1;\n"
        // All lanes are together again.
        "shfl.sync.idx.b32 %r0, %r0, %r1, 31, -1;",
        [](uint32_t i) {
          return (i % 4 == 1 ? 200 : i % 4 == 3 ? 300 : 100) + i;
        });
}

TEST_F(WarpLevel, LoopsOfDifferentLength) {
  check("mov.u32 %r0, 0;\nmov.u32 %r2, 0;\nagain:\nadd.u32 %r0, %r0, %r2;\n"
        "add.u32 %r2, %r2, 1;\nsetp.le.u32 %p1, %r2, %r1;\n@%p1 bra again;\n"
        "shfl.sync.idx.b32 %r0, %r0, %r1, 31, -1;",
        [](uint32_t i) { return i * (i + 1) / 2; });
}

TEST_F(WarpLevel, LanesThatEndEarly) {
  // Odd lanes leave; the others go on and meet without them.
  loadKernel("ld.param.u64 %d0, [p0];\nmov.u32 %r1, %tid.x;\n"
             "mad.wide.u32 %d1, %r1, 4, %d0;\nand.b32 %r2, %r1, 1;\n"
             "setp.eq.u32 %p1, %r2, 1;\n@%p1 exit;\n"
             "redux.sync.add.u32 %r0, %r1, 0x55555555;\n"
             "st.global.u32 [%d1], %r0;",
             1);
  CUdeviceptr out = upload(std::vector<uint32_t>(32, 7));
  ASSERT_EQ(launch("k", {1}, {32}, 0, out), CUDA_SUCCESS);
  std::vector<uint32_t> got = download<uint32_t>(out, 32);
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], i % 2 ? 7u : 240u);
}

TEST_F(WarpLevel, Atomics) {
  struct Operation {
    const char *text;
    uint32_t start, expected;
  };
  // 32 threads, %r1 from 0 to 31, on one word.
  const Operation operations[] = {
      {"red.global.add.u32 [%d0], %r1", 5, 501},
      {"red.relaxed.gpu.global.min.u32 [%d0], %r1", 9, 0},
      {"atom.global.max.s32 %r0, [%d0], %r1", 0xfffffff0, 31},
      {"atom.global.and.b32 %r0, [%d0], %r1", 0xff, 0},
      {"atom.global.or.b32 %r0, [%d0], %r1", 0x40, 0x5f},
      {"atom.global.xor.b32 %r0, [%d0], 3", 1, 1},
      {"atom.global.inc.u32 %r0, [%d0], 9", 0, 2},
      {"atom.global.dec.u32 %r0, [%d0], 9", 0, 8},
      {"atom.global.exch.b32 %r0, [%d0], %r1", 0, 31},
      {"atom.global.cas.b32 %r0, [%d0], %r1, 77", 3, 77},
      {"cvt.rn.f32.u32 %f1, %r1; atom.global.add.f32 %f0, [%d0], %f1", 0,
       0x43f80000}};
  for (const Operation &each : operations) {
    loadKernel("ld.param.u64 %d0, [p0];\nmov.u32 %r1, %tid.x;\n" +
                   std::string(each.text) + ";",
               1);
    CUdeviceptr word = upload(std::vector<uint32_t>{each.start});
    ASSERT_EQ(launch("k", {1}, {32}, 0, word), CUDA_SUCCESS) << each.text;
    EXPECT_EQ(download<uint32_t>(word, 1)[0], each.expected) << each.text;
  }
  // The old values are those of some order: all different.
  std::vector<uint32_t> old =
      run(".shared .align 4 .b8 word[4];\nsetp.eq.u32 %p1, %r1, 0;\n"
          "mov.u32 %r2, 0;\n@%p1 st.shared.u32 [word], %r2;\nbar.sync 0;\n"
          "atom.shared.add.u32 %r0, [word], 1;",
          64);
  std::vector<bool> seen(64);
  for (uint32_t value : old) {
    ASSERT_LT(value, 64u);
    EXPECT_FALSE(seen[value]);
    seen[value] = true;
  }
}

TEST_F(WarpLevel, GenericAddresses) {
  // The same load through the generic space: shared, local, parameter.
  check(".shared .align 4 .b8 tile[128];\n.local .align 4 .b8 frame[8];\n"
        "mov.u64 %d2, tile;\ncvta.shared.u64 %d2, %d2;\n"
        "mad.wide.u32 %d2, %r1, 4, %d2;\nst.u32 [%d2], %r1;\n"
        "mov.u64 %d3, frame;\ncvta.local.u64 %d3, %d3;\nld.u32 %r2, [%d2];\n"
        "st.u32 [%d3+4], %r2;\nld.u32 %r0, [%d3+4];\n"
        "cvta.to.shared.u64 %d4, %d2;\nld.shared.u32 %r3, [%d4];\n"
        "add.u32 %r0, %r0, %r3;",
        [](uint32_t i) { return 2 * i; });
}
