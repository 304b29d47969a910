//===- ReportTest.cpp - reports and their page ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Report.h"
#include "tools/sinter/Errors.h"

#include <gtest/gtest.h>

using namespace sinter::cli;

namespace {

TEST(EscapeHtml, MarkupBecomesText) {
  EXPECT_EQ(escapeHtml("</script><b a='1' c=\"2\">&amp;"),
            "&lt;/script&gt;&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;");
}

TEST(EscapeHtml, ControlCharactersAreReplaced) {
  EXPECT_EQ(escapeHtml(std::string("a\x01\x1b\x7f\0b", 6)),
            "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(escapeHtml("line\n\tnext"), "line\n\tnext");
}

TEST(EscapeHtml, OtherLettersStay) {
  EXPECT_EQ(escapeHtml("\xC3\xA4\xE4\xB8\xAD"), "\xC3\xA4\xE4\xB8\xAD");
}

TEST(ReportName, SaysTheFormat) {
  EXPECT_NO_THROW(requireReportName("a.html"));
  EXPECT_NO_THROW(requireReportName("a.b.json"));
  for (const char *path : {"a", "a.htm", "a.HTML", "html", ""}) {
    try {
      requireReportName(path);
      FAIL() << path;
    } catch (const Failure &failure) {
      EXPECT_EQ(failure.exitCode, ExitCode::Usage) << path;
    }
  }
}

/// What the compiler answers for two nodes in one kernel of two launches, and
/// one node without.
Json makeResponse(const std::string &name) {
  Json response = Json::parse(R"({
    "compiler": "sinter test", "compile_s": 1.0, "peak_rss_bytes": 2,
    "artifact_bytes": 300, "weights_bytes": 200, "nodes": 3, "kernels": 1,
    "launches": 2, "isas": ["x86-64-v3"], "arena": "64*batch",
    "arena_bytes": null, "unfused": [],
    "report": {
      "nodes": [
        {"index": 0, "name": "", "op": "Relu", "kernels": [0],
         "launches": [0], "last_phase": "place", "fused_with": [],
         "decisions": [0]},
        {"index": 1, "name": "b", "op": "Relu", "kernels": [0],
         "launches": [0, 1], "last_phase": "place", "fused_with": [0],
         "decisions": []},
        {"index": 2, "name": "c", "op": "Shape", "kernels": [],
         "launches": [], "last_phase": "import", "fused_with": [],
         "decisions": []}],
      "kernels": [
        {"name": "relu_0", "kind": "loop", "devices": ["cpu"],
         "precision": "fp32", "sparsity": 0.8, "operations": ["relu"],
         "tiles": "batch", "scratch_bytes": "0", "launches": [0, 1],
         "code": "kernel.func @relu_0 <>"}],
      "launches": [{"kernel": 0, "nodes": [0, 1]},
                   {"kernel": 0, "nodes": [1]}],
      "decisions": [
        {"phase": "fuse", "family": "fuse", "name": "FormGroup",
         "kind": "missed", "nodes": [0], "what": "alone", "why": "no <reason>",
         "metrics": {"users": 2, "kind": "loop"}}]}})");
  response["report"]["nodes"][0]["name"] = name;
  return response;
}

TEST(Report, SumsTimesOverLaunches) {
  LaunchTimes times{"x86-64-v3", 2, {{"batch", 8}}, 10, {1.5, 4.0}};
  Json report = makeReport(makeResponse("a"), "m.onnx", "m.sinter", times);
  EXPECT_EQ(report["version"], 1);
  EXPECT_EQ(report["times"]["total_us"], 5.5);
  EXPECT_EQ(report["times"]["dims"]["batch"], 8);
  EXPECT_EQ(report["launches"][1]["us"], 4.0);
  EXPECT_EQ(report["kernels"][0]["us"], 5.5);
  EXPECT_EQ(report["nodes"][0]["us"], 1.5);
  EXPECT_EQ(report["nodes"][1]["us"], 5.5);
  EXPECT_TRUE(report["nodes"][2]["us"].is_null());
}

TEST(Report, WithoutTimes) {
  Json report = makeReport(makeResponse("a"), "m.onnx", "", std::nullopt);
  EXPECT_TRUE(report["times"].is_null());
  EXPECT_TRUE(report["artifact"].is_null());
  EXPECT_EQ(report["summary"]["nodes_in_kernels"], 2);
  EXPECT_EQ(report["summary"]["precisions"]["fp32"], 2);
}

size_t count(const std::string &text, const std::string &part) {
  size_t found = 0;
  for (size_t i = text.find(part); i != std::string::npos;
       i = text.find(part, i + 1))
    ++found;
  return found;
}

TEST(Page, NamesAndReasonsAreText) {
  Json response = makeResponse("</script><script>x</script>");
  std::string page = formatHtml(
      makeReport(response, "dir/<m>.onnx", "\"a\".sinter", std::nullopt));
  EXPECT_EQ(count(page, "<script"), 1u);
  EXPECT_EQ(count(page, "</script"), 1u);
  EXPECT_NE(page.find("&lt;/script&gt;&lt;script&gt;x"), std::string::npos);
  EXPECT_NE(page.find("<title>&lt;m&gt;.onnx"), std::string::npos);
  EXPECT_NE(page.find("no &lt;reason&gt;"), std::string::npos);
  EXPECT_EQ(page.find("<m>"), std::string::npos);
  EXPECT_EQ(page.find("\"a\".sinter"), std::string::npos);
}

TEST(Page, ShowsSparsityAndTimesWhereThereAreAny) {
  LaunchTimes times{"x86-64-v3", 1, {}, 10, {1.5, 4000}};
  Json response = makeResponse("a");
  std::string page = formatHtml(makeReport(response, "m", "m.sinter", times));
  EXPECT_NE(page.find("80 %"), std::string::npos);
  EXPECT_NE(page.find("4.00 ms"), std::string::npos);
  EXPECT_NE(page.find("1.50 \xC2\xB5s"), std::string::npos);
  response["report"]["kernels"][0]["sparsity"] = nullptr;
  page = formatHtml(makeReport(response, "m", "m.sinter", std::nullopt));
  EXPECT_EQ(page.find("Sparsity"), std::string::npos);
  EXPECT_EQ(page.find(">Time<"), std::string::npos);
}

} // namespace
