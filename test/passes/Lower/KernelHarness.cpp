//===- KernelHarness.cpp - kernels compiled and run in tests --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"

#include "compiler/Codegen/Cpu/ObjectEmitter.h"
#include "compiler/Codegen/Cpu/Passes.h"
#include "dialects/NN/Size.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/Tiling.h"
#include "sinter/abi.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/TargetSelect.h"

#include <cstring>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace sinter;
using namespace sinter::test;

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

GuardedBuffer::GuardedBuffer(size_t size) : bytes(size) {
  size_t page = sysconf(_SC_PAGESIZE);
  size_t used = (size + page - 1) / page * page;
  mapped = used + page;
  mapping = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED)
    abort();
  mprotect(static_cast<char *>(mapping) + used, page, PROT_NONE);
  start = static_cast<char *>(mapping) + used - size;
  // Not a number in every floating-point type.
  memset(start, 0xff, size);
}

GuardedBuffer::GuardedBuffer(GuardedBuffer &&other) noexcept
    : mapping(other.mapping), start(other.start), mapped(other.mapped),
      bytes(other.bytes) {
  other.mapping = nullptr;
}

GuardedBuffer::~GuardedBuffer() {
  if (mapping)
    munmap(mapping, mapped);
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

struct CompiledKernel::State {
  mlir::MLIRContext context;
  nn::SizeAttr tiles, scratch;
  std::vector<std::string> freeDims;
  std::string object;
  std::unique_ptr<llvm::orc::LLJIT> jit;
  sinter_abi_kernel_fn entry = nullptr;
  std::unique_ptr<GuardedBuffer> slotScratch;

  int64_t evaluate(nn::SizeAttr size, llvm::ArrayRef<int64_t> dims) const {
    auto lookup = [&](llvm::StringRef name) -> std::optional<int64_t> {
      auto *place = llvm::find(freeDims, name).operator->();
      size_t index = place - freeDims.data();
      return index < dims.size() ? std::optional(dims[index]) : std::nullopt;
    };
    return nn::evaluate(size, lookup).value_or(0);
  }
};

CompiledKernel::CompiledKernel() : state(std::make_unique<State>()) {}
CompiledKernel::~CompiledKernel() = default;

static const InstructionSet &getSet(unsigned lanes) {
  return *findInstructionSet(lanes == 16 ? "x86-64-v4" : "x86-64-v3");
}

bool sinter::test::canRun(unsigned lanes) { return canRun(getSet(lanes)); }

bool sinter::test::canRun(const InstructionSet &set) {
  __builtin_cpu_init();
  if (set.dot == InstructionSet::Dot::Vnni &&
      !__builtin_cpu_supports("avx512vnni"))
    return false;
  // The kernel gives a process tile registers only if it asks for them:
  // arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA).
  if (set.hasAmx && (!__builtin_cpu_supports("amx-int8") ||
                     syscall(SYS_arch_prctl, 0x1023, 18) != 0))
    return false;
  if (set.lanes == 16)
    return __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq");
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

std::unique_ptr<CompiledKernel>
CompiledKernel::compile(llvm::StringRef source, unsigned lanes,
                        llvm::ArrayRef<llvm::StringRef> freeDims) {
  return compile(source, getSet(lanes), freeDims);
}

std::unique_ptr<CompiledKernel>
CompiledKernel::compile(llvm::StringRef source, const InstructionSet &set,
                        llvm::ArrayRef<llvm::StringRef> freeDims) {
  std::unique_ptr<CompiledKernel> compiled(new CompiledKernel());
  State &state = *compiled->state;
  state.freeDims.assign(freeDims.begin(), freeDims.end());
  mlir::DialectRegistry registry;
  registry.insert<mlir::arith::ArithDialect, mlir::cf::ControlFlowDialect,
                  mlir::func::FuncDialect, mlir::index::IndexDialect,
                  mlir::LLVM::LLVMDialect, mlir::math::MathDialect,
                  mlir::memref::MemRefDialect, mlir::scf::SCFDialect,
                  mlir::ub::UBDialect, mlir::vector::VectorDialect,
                  nn::NNDialect, kernel::KernelDialect>();
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  state.context.appendDialectRegistry(registry);
  state.context.loadAllAvailableDialects();
  state.context.disableMultithreading();

  auto module = mlir::parseSourceString<mlir::ModuleOp>(source, &state.context);
  if (!module)
    return nullptr;
  kernel::FuncOp kernel = *module->getOps<kernel::FuncOp>().begin();
  std::tie(state.tiles, state.scratch) = planTiles(kernel);
  const codegen::CpuTarget *target = codegen::findTarget(set.name);

  // The form after the phase `lower`: a module for the instruction set.
  mlir::OpBuilder b(kernel);
  auto nested =
      mlir::ModuleOp::create(b, kernel.getLoc(), target->getModuleName());
  kernel->moveBefore(nested.getBody(), nested.getBody()->end());
  KernelBuilder builder(kernel, set, freeDims);
  if (failed(emitKernel(builder)))
    return nullptr;
  builder.finish();
  std::string name = kernel.getSymName().str();
  kernel->erase();
  if (failed(mlir::verify(*module)))
    return nullptr;
  if (getenv("SINTER_TEST_PRINT"))
    module->dump();

  mlir::PassManager pm(&state.context);
  buildKernelToLLVMPipeline(pm);
  if (failed(pm.run(*module)))
    return nullptr;
  auto inner = *nested.getOps<mlir::ModuleOp>().begin();
  auto object = codegen::compileKernel(inner, *target);
  if (failed(object))
    return nullptr;

  llvm::InitializeNativeTarget();
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit) {
    llvm::errs() << toString(jit.takeError()) << "\n";
    return nullptr;
  }
  state.jit = std::move(*jit);
  if (const char *path = getenv("SINTER_TEST_OBJECT")) {
    std::error_code error;
    llvm::raw_fd_ostream(path, error) << (*object)->getBuffer();
  }
  state.object = (*object)->getBuffer().str();
  if (auto error = state.jit->addObjectFile(std::move(*object))) {
    llvm::errs() << toString(std::move(error)) << "\n";
    return nullptr;
  }
  auto symbol = state.jit->lookup(codegen::getKernelSymbol(name, *target));
  if (!symbol) {
    llvm::errs() << toString(symbol.takeError()) << "\n";
    return nullptr;
  }
  state.entry = symbol->toPtr<sinter_abi_kernel_fn>();
  return compiled;
}

llvm::StringRef CompiledKernel::getObject() const { return state->object; }

int64_t CompiledKernel::getTiles(llvm::ArrayRef<int64_t> dims) const {
  return state->evaluate(state->tiles, dims);
}

int64_t CompiledKernel::getScratch(llvm::ArrayRef<int64_t> dims) const {
  return state->evaluate(state->scratch, dims);
}

int32_t CompiledKernel::run(llvm::ArrayRef<void *> buffers,
                            llvm::ArrayRef<int64_t> dims, int64_t slots) const {
  int64_t tiles = getTiles(dims);
  size_t bytes = (getScratch(dims) + 63) / 64 * 64;
  std::unique_ptr<GuardedBuffer> &scratch = state->slotScratch;
  if (!scratch || scratch->size() != bytes)
    scratch = std::make_unique<GuardedBuffer>(bytes);
  for (int64_t slot = slots; slot-- > 0;) {
    int64_t first = slot * tiles / slots, last = (slot + 1) * tiles / slots;
    if (int32_t status = state->entry(buffers.data(), dims.data(), first, last,
                                      scratch->data()))
      return status;
  }
  return 0;
}
