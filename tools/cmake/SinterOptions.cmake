# Warnings and sanitizers, as one interface target that every target of ours links.
add_library(sinter_options INTERFACE)
target_compile_options(sinter_options INTERFACE -Wall -Wextra -Wno-unused-parameter)
if(SINTER_SANITIZE)
  target_compile_options(sinter_options INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer)
  target_link_options(sinter_options INTERFACE -fsanitize=address,undefined)
endif()
