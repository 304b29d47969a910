# Builds SinterOnnx: operator schemas and function bodies of ONNX, as a static
# library from the C++ sources that the Python wheel ships.
#
# The wheel is downloaded once, by pip and by hash, into the build folder; with
# SINTER_ONNX_WHEEL=FILE.whl nothing is downloaded.
set(SINTER_ONNX_WHEEL "" CACHE FILEPATH "The onnx wheel to use instead of downloading it")

file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/requirements-onnx.txt" onnx_pin REGEX "^onnx==")
string(REGEX REPLACE "^onnx==([0-9.]+) .*" "\\1" onnx_version "${onnx_pin}")
set(onnx_dir "${PROJECT_BINARY_DIR}/_deps/onnx-${onnx_version}")

if(NOT EXISTS "${onnx_dir}/.unpacked")
  set(onnx_wheel "${SINTER_ONNX_WHEEL}")
  if(NOT onnx_wheel)
    find_package(Python3 REQUIRED COMPONENTS Interpreter)
    message(STATUS "Downloading the sources of onnx ${onnx_version}")
    execute_process(
      COMMAND ${Python3_EXECUTABLE} -m pip download --quiet --disable-pip-version-check
              --no-deps --only-binary :all: --require-hashes
              --platform manylinux_2_28_x86_64 --python-version 3.11 --implementation cp --abi cp311
              -r "${CMAKE_CURRENT_LIST_DIR}/requirements-onnx.txt" -d "${PROJECT_BINARY_DIR}/_deps"
      RESULT_VARIABLE onnx_failed ERROR_VARIABLE onnx_error)
    if(onnx_failed)
      message(FATAL_ERROR "Cannot download onnx ${onnx_version} with pip (python3-pip is needed, and "
        "once a network). Without a network give the wheel with -DSINTER_ONNX_WHEEL=FILE.whl.\n${onnx_error}")
    endif()
    file(GLOB onnx_wheel "${PROJECT_BINARY_DIR}/_deps/onnx-${onnx_version}-*.whl")
  endif()
  file(REMOVE_RECURSE "${onnx_dir}")
  file(ARCHIVE_EXTRACT INPUT "${onnx_wheel}" DESTINATION "${onnx_dir}"
       PATTERNS "onnx/*.cc" "onnx/*.h" "onnx/*.proto" "onnx/*.in")
  file(TOUCH "${onnx_dir}/.unpacked")
endif()

find_package(Protobuf 3.21 REQUIRED)
set(onnx_generated "${onnx_dir}/generated")
file(MAKE_DIRECTORY "${onnx_generated}/onnx/common")
foreach(proto onnx-ml onnx-operators-ml onnx-data)
  add_custom_command(
    OUTPUT "${onnx_generated}/onnx/${proto}.pb.cc" "${onnx_generated}/onnx/${proto}.pb.h"
    COMMAND protobuf::protoc -I "${onnx_dir}" --cpp_out "${onnx_generated}" "${onnx_dir}/onnx/${proto}.proto"
    DEPENDS "${onnx_dir}/onnx/${proto}.proto" VERBATIM)
  list(APPEND onnx_protos "${onnx_generated}/onnx/${proto}.pb.cc")
endforeach()
string(REPLACE "." ";" onnx_version_parts "${onnx_version}")
list(GET onnx_version_parts 0 ONNX_VERSION_MAJOR)
list(GET onnx_version_parts 1 ONNX_VERSION_MINOR)
list(GET onnx_version_parts 2 ONNX_VERSION_PATCH)
set(ONNX_VERSION ${onnx_version})
configure_file("${onnx_dir}/onnx/common/version.h.in" "${onnx_generated}/onnx/common/version.h" @ONLY)

# Schemas and what they stand on (a function body of a preview operator needs the
# inliner, that the converter and the checker); not the Python binding.
file(GLOB onnx_sources "${onnx_dir}/onnx/common/*.cc" "${onnx_dir}/onnx/defs/*.cc" "${onnx_dir}/onnx/defs/*/*.cc"
     "${onnx_dir}/onnx/checker.cc" "${onnx_dir}/onnx/inliner/*.cc" "${onnx_dir}/onnx/shape_inference/*.cc" "${onnx_dir}/onnx/version_converter/*.cc")

add_library(SinterOnnx STATIC EXCLUDE_FROM_ALL ${onnx_sources} ${onnx_protos})
target_include_directories(SinterOnnx SYSTEM PUBLIC "${onnx_dir}" "${onnx_generated}")
target_compile_definitions(SinterOnnx PUBLIC ONNX_NAMESPACE=onnx ONNX_ML=1)
target_compile_options(SinterOnnx PRIVATE -w -O1)
set_target_properties(SinterOnnx PROPERTIES CXX_VISIBILITY_PRESET hidden)
target_link_libraries(SinterOnnx PUBLIC protobuf::libprotobuf)
