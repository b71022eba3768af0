// The functions of LAPACKE that are used, loaded when one is first called: programs that factorise
// nothing start without it. Under their own names; a negative status says that LAPACKE is missing.
#pragma once
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define LAPACK_ROW_MAJOR 101
#define LAPACK_COL_MAJOR 102

/// The status where the library is not installed; LAPACKE's own are above −1100.
#define ENCODER_DIFF_LAPACKE_MISSING (-2000)

/// The core that OpenBLAS, which LAPACKE brings along, should run; it does not know every processor.
static inline const char *encoder_diff_wanted_core(void) {
#if defined(__x86_64__)
  const unsigned int osxsave_fma = 1u << 27 | 1u << 12;
  const unsigned int avx512 = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;
  unsigned int a, b, c, d, saved, high;
  if (!__get_cpuid_count(1, 0, &a, &b, &c, &d) || (c & osxsave_fma) != osxsave_fma) return NULL;
  __asm__ volatile("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return NULL;
  if ((saved & 0x6) != 0x6 || !(b & 1u << 5)) return NULL;
  return (saved & 0xE6) == 0xE6 && (b & avx512) == avx512 ? "SKYLAKEX" : "HASWELL";
#else
  return NULL;
#endif
}

/// A function of the library, or null.
static inline void *encoder_diff_lapacke(const char *name) {
  static void *library = NULL;
  if (!library) {
    const char *core = getenv("OPENBLAS_CORETYPE") ? NULL : encoder_diff_wanted_core();
    int is_free = getenv("OPENBLAS_NUM_THREADS") == NULL;
    if (core) setenv("OPENBLAS_CORETYPE", core, 1);
    if (is_free) setenv("OPENBLAS_NUM_THREADS", "1", 1);
    library = dlopen("liblapacke.so.3", RTLD_NOW | RTLD_LOCAL);
    if (!library) library = dlopen("liblapacke.so", RTLD_NOW | RTLD_LOCAL);
    if (!library) library = dlopen("liblapacke.dylib", RTLD_NOW | RTLD_LOCAL);
    if (core) unsetenv("OPENBLAS_CORETYPE");
    if (is_free) unsetenv("OPENBLAS_NUM_THREADS");
  }
  return library ? dlsym(library, name) : NULL;
}

/// Singular values, and vectors where `jobz` asks for them.
static inline int LAPACKE_dgesdd(
    int layout, char jobz, int m, int n, double *a, int lda, double *s, double *u, int ldu,
    double *vt, int ldvt) {
  int (*call)(int, char, int, int, double *, int, double *, double *, int, double *, int) =
      (int (*)(int, char, int, int, double *, int, double *, double *, int, double *, int))
          encoder_diff_lapacke("LAPACKE_dgesdd");
  if (!call) return ENCODER_DIFF_LAPACKE_MISSING;
  return call(layout, jobz, m, n, a, lda, s, u, ldu, vt, ldvt);
}

/// A = Q·R, Q as reflectors.
static inline int LAPACKE_dgeqrf(int layout, int m, int n, double *a, int lda, double *tau) {
  int (*call)(int, int, int, double *, int, double *) =
      (int (*)(int, int, int, double *, int, double *))encoder_diff_lapacke("LAPACKE_dgeqrf");
  return call ? call(layout, m, n, a, lda, tau) : ENCODER_DIFF_LAPACKE_MISSING;
}

/// Q from its reflectors.
static inline int LAPACKE_dorgqr(
    int layout, int m, int n, int k, double *a, int lda, const double *tau) {
  int (*call)(int, int, int, int, double *, int, const double *) =
      (int (*)(int, int, int, int, double *, int, const double *))encoder_diff_lapacke(
          "LAPACKE_dorgqr");
  return call ? call(layout, m, n, k, a, lda, tau) : ENCODER_DIFF_LAPACKE_MISSING;
}

/// A symmetric positive definite system, by Cholesky's factorisation.
static inline int LAPACKE_dposv(
    int layout, char uplo, int n, int nrhs, double *a, int lda, double *b, int ldb) {
  int (*call)(int, char, int, int, double *, int, double *, int) =
      (int (*)(int, char, int, int, double *, int, double *, int))encoder_diff_lapacke(
          "LAPACKE_dposv");
  return call ? call(layout, uplo, n, nrhs, a, lda, b, ldb) : ENCODER_DIFF_LAPACKE_MISSING;
}

/// Least squares.
static inline int LAPACKE_dgels(
    int layout, char trans, int m, int n, int nrhs, double *a, int lda, double *b, int ldb) {
  int (*call)(int, char, int, int, int, double *, int, double *, int) =
      (int (*)(int, char, int, int, int, double *, int, double *, int))encoder_diff_lapacke(
          "LAPACKE_dgels");
  return call ? call(layout, trans, m, n, nrhs, a, lda, b, ldb) : ENCODER_DIFF_LAPACKE_MISSING;
}
