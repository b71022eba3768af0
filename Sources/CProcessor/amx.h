// Tile registers: what Swift has neither types nor instructions for. The caller's loops are Swift.
#pragma once

#if defined(__x86_64__) && defined(__linux__)
long syscall(long number, ...);

/// Asks the kernel to let this process use tile registers; 0 where it may.
static inline long encoder_diff_request_tiles(void) {
  const long arch_prctl = 158, request_permission = 0x1023, tile_data = 18;
  return syscall(arch_prctl, request_permission, tile_data);
}
#endif

#if defined(__AMX_TILE__) && defined(__AMX_BF16__)
// Eight tiles of 16 rows of 64 bytes. 0 to 3 are sums, a square of 32 × 32 Float32; 4 and 5 hold rows
// of A, 6 and 7 columns of B, as pairs of bfloat16. A step is 32 terms of A and of B, laid
// [part high, middle, low][half 0, 1][16 rows][64 bytes].

/// Sets the shapes of all tiles; needed once in a thread before the rest.
static inline void encoder_diff_tiles_begin(void) {
  struct {
    unsigned char palette, start, reserved[14];
    unsigned short row_bytes[16];
    unsigned char rows[16];
  } shapes = {1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
  __builtin_ia32_tile_loadconfig(&shapes);
}

/// Gives the tiles back, so that a change of threads need not save them.
static inline void encoder_diff_tiles_end(void) { __builtin_ia32_tilerelease(); }

static inline void encoder_diff_tiles_clear(void) {
  __builtin_ia32_tilezero(0);
  __builtin_ia32_tilezero(1);
  __builtin_ia32_tilezero(2);
  __builtin_ia32_tilezero(3);
}

/// The sums as `[32, 32]`.
static inline void encoder_diff_tiles_store(float *c) {
  __builtin_ia32_tilestored64(0, c, 128);
  __builtin_ia32_tilestored64(1, c + 16, 128);
  __builtin_ia32_tilestored64(2, c + 512, 128);
  __builtin_ia32_tilestored64(3, c + 528, 128);
}

/// One product of tiles, and ten instructions that do nothing: where another hardware thread uses the core,
/// products that follow each other closely take half as long again; where none does, they cost nothing.
#define ENCODER_DIFF_PRODUCT(c, a, b) \
  __builtin_ia32_tdpbf16ps(c, a, b);  \
  __asm__ volatile(".rept 10\n\tnopl 0(%rax,%rax)\n\t.endr")

// A step's six products, in this order, the sixth after all steps' others: each call is one of them. A call
// loads what the next one needs first, so that loads are under way before they are needed, and leaves
// room for other work behind it.
#define ENCODER_DIFF_STEP(name) \
  static inline void encoder_diff_tiles_add_##name(const float *step_a, const float *step_b)
#define ENCODER_DIFF_BYTES const char *a = (const char *)step_a, *b = (const char *)step_b

ENCODER_DIFF_STEP(low_high) {
  ENCODER_DIFF_BYTES;
  __builtin_ia32_tileloadd64(6, b, 64);
  __builtin_ia32_tileloadd64(4, a + 4096, 64);
  ENCODER_DIFF_PRODUCT(0, 4, 6);
  __builtin_ia32_tileloadd64(7, b + 1024, 64);
  ENCODER_DIFF_PRODUCT(1, 4, 7);
  __builtin_ia32_tileloadd64(5, a + 5120, 64);
  ENCODER_DIFF_PRODUCT(2, 5, 6);
  __builtin_ia32_tileloadd64(4, a + 2048, 64);
  ENCODER_DIFF_PRODUCT(3, 5, 7);
}

ENCODER_DIFF_STEP(middle_high) {
  ENCODER_DIFF_BYTES;
  ENCODER_DIFF_PRODUCT(0, 4, 6);
  __builtin_ia32_tileloadd64(5, a + 3072, 64);
  ENCODER_DIFF_PRODUCT(1, 4, 7);
  ENCODER_DIFF_PRODUCT(2, 5, 6);
  __builtin_ia32_tileloadd64(6, b + 2048, 64);
  ENCODER_DIFF_PRODUCT(3, 5, 7);
}

ENCODER_DIFF_STEP(middle_middle) {
  ENCODER_DIFF_BYTES;
  ENCODER_DIFF_PRODUCT(0, 4, 6);
  __builtin_ia32_tileloadd64(7, b + 3072, 64);
  ENCODER_DIFF_PRODUCT(2, 5, 6);
  ENCODER_DIFF_PRODUCT(1, 4, 7);
  __builtin_ia32_tileloadd64(4, a, 64);
  ENCODER_DIFF_PRODUCT(3, 5, 7);
}

ENCODER_DIFF_STEP(high_middle) {
  ENCODER_DIFF_BYTES;
  ENCODER_DIFF_PRODUCT(0, 4, 6);
  __builtin_ia32_tileloadd64(5, a + 1024, 64);
  ENCODER_DIFF_PRODUCT(1, 4, 7);
  ENCODER_DIFF_PRODUCT(2, 5, 6);
  __builtin_ia32_tileloadd64(6, b + 4096, 64);
  ENCODER_DIFF_PRODUCT(3, 5, 7);
}

ENCODER_DIFF_STEP(high_low) {
  ENCODER_DIFF_BYTES;
  (void)a;
  ENCODER_DIFF_PRODUCT(0, 4, 6);
  __builtin_ia32_tileloadd64(7, b + 5120, 64);
  ENCODER_DIFF_PRODUCT(2, 5, 6);
  ENCODER_DIFF_PRODUCT(1, 4, 7);
  ENCODER_DIFF_PRODUCT(3, 5, 7);
}

ENCODER_DIFF_STEP(high_high) {
  ENCODER_DIFF_BYTES;
  __builtin_ia32_tileloadd64(6, b, 64);
  __builtin_ia32_tileloadd64(4, a, 64);
  ENCODER_DIFF_PRODUCT(0, 4, 6);
  __builtin_ia32_tileloadd64(7, b + 1024, 64);
  ENCODER_DIFF_PRODUCT(1, 4, 7);
  __builtin_ia32_tileloadd64(5, a + 1024, 64);
  ENCODER_DIFF_PRODUCT(2, 5, 6);
  ENCODER_DIFF_PRODUCT(3, 5, 7);
}
#undef ENCODER_DIFF_PRODUCT
#undef ENCODER_DIFF_STEP
#undef ENCODER_DIFF_BYTES
#endif
