# Read by cmake at ggml's own project(): its kernels are what answers wait for.
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG")
