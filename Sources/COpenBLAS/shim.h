// OpenBLAS, loaded when it is first asked for: programs that multiply nothing start without it, and
// the environment that it reads while it is loaded can be set before.
#pragma once
#include <cblas.h>
#include <dlfcn.h>
#include <stddef.h>

typedef __typeof__(&cblas_sgemm) encoder_diff_sgemm;
typedef char *(*encoder_diff_core_name)(void);
typedef void (*encoder_diff_set_threads)(int);

/// The library, or null where it is not installed.
static inline void *encoder_diff_load_openblas(void) {
  void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!library) library = dlopen("libopenblas.so", RTLD_NOW | RTLD_LOCAL);
  if (!library) library = dlopen("libopenblas.dylib", RTLD_NOW | RTLD_LOCAL);
  return library;
}

static inline encoder_diff_sgemm encoder_diff_find_sgemm(void *library) {
  return (encoder_diff_sgemm)dlsym(library, "cblas_sgemm");
}

static inline encoder_diff_core_name encoder_diff_find_core_name(void *library) {
  return (encoder_diff_core_name)dlsym(library, "openblas_get_corename");
}

static inline encoder_diff_set_threads encoder_diff_find_set_threads(void *library) {
  return (encoder_diff_set_threads)dlsym(library, "openblas_set_num_threads");
}
