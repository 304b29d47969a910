# Finds MLIR once and defines the only helpers the compiler's CMake files use.
find_package(MLIR 22.1 REQUIRED CONFIG)
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
set(LLVM_RUNTIME_OUTPUT_INTDIR ${PROJECT_BINARY_DIR}/bin)
set(LLVM_LIBRARY_OUTPUT_INTDIR ${PROJECT_BINARY_DIR}/lib)
set(MLIR_BINARY_DIR ${PROJECT_BINARY_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# One way to reach MLIR: the shared library. Naming a static libMLIR*.a beside
# it loads every dialect twice.
add_library(sinter_mlir INTERFACE)
target_include_directories(sinter_mlir SYSTEM INTERFACE ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
target_include_directories(sinter_mlir INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
target_compile_options(sinter_mlir INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>)
target_link_libraries(sinter_mlir INTERFACE MLIR LLVM sinter_options)

# TableGen sees the repository root, so `include "dialects/..."` works.
set(SINTER_TABLEGEN_INCLUDES ${PROJECT_SOURCE_DIR} ${MLIR_INCLUDE_DIRS})

# sinter_tablegen(<td file> <target> <output> <generator> [<output> <generator>]...)
function(sinter_tablegen td target)
  set(LLVM_TARGET_DEFINITIONS ${td})
  set(args ${ARGN})
  while(args)
    list(POP_FRONT args output generator)
    separate_arguments(generator)
    mlir_tablegen(${output} ${generator} EXTRA_INCLUDES ${SINTER_TABLEGEN_INCLUDES})
  endwhile()
  add_public_tablegen_target(${target})
endfunction()

# sinter_library(<name> SOURCES ... DEPENDS <tablegen targets> LINK <targets>)
function(sinter_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC sinter_mlir ${ARG_LINK})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# sinter_pass_tablegen(<target> <group>): Passes.td -> Passes.h.inc, with
# register<group>Passes() and its page of documentation.
function(sinter_pass_tablegen target group)
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(Passes.h.inc -gen-pass-decls -name=${group}
                EXTRA_INCLUDES ${SINTER_TABLEGEN_INCLUDES})
  add_public_tablegen_target(${target})
  add_mlir_doc(Passes ${group}Passes passes/ -gen-pass-doc
               EXTRA_INCLUDES ${SINTER_TABLEGEN_INCLUDES})
endfunction()
