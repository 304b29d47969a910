//===- ModelTest.cpp - opening and asking a good artifact -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArtifactBytes.h"
#include "Handles.h"
#include "sinter/abi.h"
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace sinter::test;

TEST(Model, FactsOfTheManifest) {
  Model model;
  ASSERT_EQ(model.status, SINTER_STATUS_OK) << model.error.message;
  const sinter_model_info_t *info = sinter_model_info(model);
  EXPECT_STREQ(info->name, "fixture");
  EXPECT_STREQ(info->compiler, "sinter test");
  EXPECT_STREQ(info->arena_formula, "4*batch*width");
  EXPECT_EQ(info->model_hash[31], 7);
  EXPECT_EQ(info->node_count, 5u);
  EXPECT_EQ(info->weights_bytes, (5u << 19) + 100);
  EXPECT_EQ(info->artifact_bytes, readFile(SINTER_FIXTURE).size());
  EXPECT_EQ(info->abi_version, unsigned(SINTER_ABI_VERSION));
}

TEST(Model, InputsOutputsAndFreeDims) {
  Model model;
  ASSERT_EQ(sinter_model_input_count(model), 2u);
  ASSERT_EQ(sinter_model_output_count(model), 3u);
  ASSERT_EQ(sinter_model_free_dim_count(model), 2u);
  const sinter_value_info_t *x = sinter_model_input(model, 0);
  EXPECT_STREQ(x->name, "x");
  EXPECT_EQ(x->kind, SINTER_VALUE_TENSOR);
  EXPECT_EQ(x->type, SINTER_TYPE_F32);
  ASSERT_EQ(x->rank, 2);
  EXPECT_EQ(x->dims[1].value, -1);
  EXPECT_EQ(x->dims[1].free_dim, 1);
  EXPECT_STREQ(x->dims[1].formula, "width");
  EXPECT_EQ(sinter_model_output(model, 2)->dims[0].value, 1);
  const sinter_free_dim_info_t *batch = sinter_model_free_dim(model, 0);
  EXPECT_STREQ(batch->name, "batch");
  EXPECT_EQ(batch->min, 1);
  EXPECT_EQ(batch->max, 64);
  EXPECT_EQ(batch->optimum, 8);
  EXPECT_EQ(sinter_model_input(model, 2), nullptr);
}

TEST(Model, KernelsAndLaunches) {
  Model model;
  ASSERT_EQ(sinter_model_kernel_count(model), 3u);
  ASSERT_EQ(sinter_model_launch_count(model), 3u);
  const sinter_kernel_info_t *kernel = sinter_model_kernel(model, 0);
  EXPECT_STREQ(kernel->name, "scale");
  EXPECT_STREQ(kernel->kind, "loop");
  ASSERT_EQ(kernel->node_count, 2u);
  EXPECT_STREQ(kernel->nodes[1], "Add_1");
  EXPECT_EQ(sinter_model_launch(model, 1)->kernel, 1u);
  EXPECT_STREQ(sinter_model_launch(model, 1)->nodes[0], "ReduceSum_2");
  EXPECT_EQ(sinter_model_launch(model, 3), nullptr);
}

TEST(Model, NamesAreFound) {
  Model model;
  size_t index = 9;
  EXPECT_EQ(sinter_model_find_input(model, "bias", &index, nullptr),
            SINTER_STATUS_OK);
  EXPECT_EQ(index, 1u);
  EXPECT_EQ(sinter_model_find_output(model, "s", &index, nullptr),
            SINTER_STATUS_OK);
  EXPECT_EQ(index, 1u);
  EXPECT_EQ(sinter_model_find_free_dim(model, "width", &index, nullptr),
            SINTER_STATUS_OK);
  EXPECT_EQ(index, 1u);
}

TEST(Model, UnknownNamesListTheValidOnes) {
  Model model;
  size_t index = 9;
  sinter_error_t error;
  EXPECT_EQ(sinter_model_find_input(model, "y", &index, &error),
            SINTER_STATUS_NOT_FOUND);
  EXPECT_STREQ(error.expected, "x, bias");
  EXPECT_STREQ(error.found, "y");
  EXPECT_EQ(sinter_model_find_free_dim(model, "height", &index, &error),
            SINTER_STATUS_NOT_FOUND);
  EXPECT_STREQ(error.expected, "batch, width");
  EXPECT_EQ(sinter_model_find_output(model, "x", &index, &error),
            SINTER_STATUS_NOT_FOUND);
  EXPECT_STREQ(error.expected, "y, s, isa");
  EXPECT_EQ(index, 9u);
}

TEST(Model, BestVariantIsChosen) {
  Model model;
  bool v4 = sinter_cpu_features() & SINTER_ABI_FEATURE_X86_64_V4;
  EXPECT_STREQ(sinter_model_info(model)->isa, v4 ? "x86-64-v4" : "x86-64-v3");
  EXPECT_EQ(sinter_model_variant(model, 0)->supported, v4);
  EXPECT_EQ(sinter_model_variant(model, 1)->supported, 1);
  Context context(model);
  Call call(1, 2);
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
  EXPECT_EQ(*static_cast<float *>(call.outputs[2].data), v4 ? 4 : 3);
}

TEST(Model, LowerVariantCanBeForced) {
  Model model(SINTER_FIXTURE, "x86-64-v3");
  ASSERT_EQ(model.status, SINTER_STATUS_OK);
  EXPECT_STREQ(sinter_model_info(model)->isa, "x86-64-v3");
  Context context(model);
  Call call(1, 2);
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  EXPECT_EQ(*static_cast<float *>(call.outputs[2].data), 3);
}

TEST(Model, UnknownVariantListsTheValidOnes) {
  Model model(SINTER_FIXTURE, "armv8");
  EXPECT_EQ(model.status, SINTER_STATUS_INVALID_ARGUMENT);
  EXPECT_STREQ(model.error.expected, "x86-64-v4, x86-64-v3");
}

TEST(Model, OptionsOfAnotherVersion) {
  sinter_model_t *model = nullptr;
  sinter_error_t error;
  sinter_open_options_t options = {};
  EXPECT_EQ(sinter_model_open(SINTER_FIXTURE, &options, &model, &error),
            SINTER_STATUS_INVALID_ARGUMENT);
  EXPECT_TRUE(contains(error.remedy, "sinter_open_options_init"));

  // A newer header with a field that is not used, and then used.
  struct {
    sinter_open_options_t known;
    uint64_t added;
  } newer = {};
  sinter_open_options_init(&newer.known);
  newer.known.struct_size = sizeof newer;
  ASSERT_EQ(sinter_model_open(SINTER_FIXTURE, &newer.known, &model, &error),
            SINTER_STATUS_OK);
  sinter_model_close(model);
  newer.added = 1;
  EXPECT_EQ(sinter_model_open(SINTER_FIXTURE, &newer.known, &model, &error),
            SINTER_STATUS_UNSUPPORTED);
}

TEST(Model, FolderAndPipeAreRefused) {
  Model folder("/tmp");
  EXPECT_EQ(folder.status, SINTER_STATUS_IO);
  std::string pipe =
      testing::TempDir() + "/sinter_pipe." + std::to_string(getpid());
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  Model model(pipe.c_str());
  EXPECT_EQ(model.status, SINTER_STATUS_IO) << "and does not wait for a writer";
  unlink(pipe.c_str());
}

TEST(Model, OpensFromMemory) {
  AlignedBytes bytes(readFile(SINTER_FIXTURE));
  sinter_model_t *model = nullptr;
  sinter_error_t error = {};
  ASSERT_EQ(sinter_model_open_memory(bytes.data(), bytes.size(), nullptr,
                                     &model, &error),
            SINTER_STATUS_OK)
      << error.message;
  {
    Context context(model);
    Call call(3, 4);
    ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
    call.expectRight();
  }
  EXPECT_EQ(sinter_model_verify(model, 2, &error), SINTER_STATUS_OK);
  sinter_model_close(model);
  EXPECT_EQ(sinter_model_open_memory(bytes.data() + 1, bytes.size() - 1,
                                     nullptr, &model, &error),
            SINTER_STATUS_INVALID_ARGUMENT)
      << "memory that is not aligned";
}

TEST(Model, VerifyAcceptsTheArtifact) {
  Model model;
  sinter_error_t error = {};
  for (int32_t threads : {0, 1, 3})
    EXPECT_EQ(sinter_model_verify(model, threads, &error), SINTER_STATUS_OK)
        << error.message;
  EXPECT_EQ(sinter_model_verify(model, -1, &error),
            SINTER_STATUS_INVALID_ARGUMENT);
}

TEST(Model, ContextsOutliveTheCallersHandle) {
  sinter_model_t *model = nullptr;
  ASSERT_EQ(sinter_model_open(SINTER_FIXTURE, nullptr, &model, nullptr),
            SINTER_STATUS_OK);
  Context context(model);
  sinter_model_close(model);
  Call call(2, 4);
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  call.expectRight();
}

TEST(Model, NoPageOfTheImageIsWritable) {
  Model model;
  FILE *maps = fopen("/proc/self/maps", "r");
  ASSERT_NE(maps, nullptr);
  char line[1024];
  // Code lies in anonymous memory; the pages of its tables follow.
  unsigned long begin, end, inode, codeEnd = 0, found = 0;
  char rights[5];
  while (fgets(line, sizeof line, maps)) {
    ASSERT_EQ(
        sscanf(line, "%lx-%lx %4s %*s %*s %lu", &begin, &end, rights, &inode),
        4);
    EXPECT_FALSE(rights[1] == 'w' && rights[2] == 'x') << line;
    if (begin == codeEnd) {
      EXPECT_EQ(rights[1], '-') << line;
      ++found;
    }
    codeEnd = rights[2] == 'x' && !inode && !strchr(line, '[') ? end : 0;
  }
  fclose(maps);
  EXPECT_EQ(found, 1u);
}

TEST(Model, RequirementsFollowTheDims) {
  Model model;
  sinter_requirements_t needed;
  sinter_requirements_init(&needed);
  int64_t dims[] = {3, 10};
  sinter_error_t error = {};
  ASSERT_EQ(sinter_model_requirements(model, dims, 2, 2, &needed, &error),
            SINTER_STATUS_OK)
      << error.message;
  EXPECT_EQ(needed.arena_bytes, 120u);
  EXPECT_EQ(needed.scratch_bytes, 40u);
  EXPECT_EQ(needed.work_bytes, 128u + 2 * 64u);
  EXPECT_EQ(needed.output_bytes, 120u + 12u + 4u);
  EXPECT_EQ(needed.flop, 90);
}

TEST(Model, RequirementsCheckTheDims) {
  Model model;
  sinter_requirements_t needed;
  sinter_requirements_init(&needed);
  sinter_error_t error = {};
  int64_t tooLarge[] = {65, 10};
  EXPECT_EQ(sinter_model_requirements(model, tooLarge, 2, 1, &needed, &error),
            SINTER_STATUS_BAD_DIMENSION);
  EXPECT_STREQ(error.node, "batch");
  EXPECT_STREQ(error.expected, "1 to 64");
  EXPECT_STREQ(error.found, "65");
  int64_t odd[] = {1, 3};
  EXPECT_EQ(sinter_model_requirements(model, odd, 2, 1, &needed, &error),
            SINTER_STATUS_CHECK_FAILED);
  EXPECT_STREQ(error.node, "Reshape_3");
  EXPECT_STREQ(error.op, "Reshape");
  EXPECT_STREQ(error.expected, "an even width");
  EXPECT_STREQ(error.found, "batch=1, width=3");
  EXPECT_STREQ(error.remedy, "use an even width");
  EXPECT_EQ(sinter_model_requirements(model, odd, 1, 1, &needed, &error),
            SINTER_STATUS_INVALID_ARGUMENT);
}
