import CProcessor

/// AMX: tiles of 1 KiB and products of bfloat16 pairs.
package enum TileRegisters {
  /// Whether this processor has AMX-TILE and AMX-BF16, its operating system keeps the registers, and
  /// this process may use them: Linux gives them on request, to all threads.
  /// - Note: Source Intel SDM volume 1, 18.2, and Linux, Documentation/arch/x86/xstate.rst.
  package static let areAvailable: Bool = {
    #if arch(x86_64) && os(Linux)
      guard VectorExtension.ofThisProcessor == .avx512 else { return false }
      let tilesAndBFloat16: UInt32 = 1 << 24 | 1 << 22
      let saved: UInt64 = 1 << 18 | 1 << 17
      return encoder_diff_cpuid(7, 0, 3) & tilesAndBFloat16 == tilesAndBFloat16
        && encoder_diff_xcr0() & saved == saved && encoder_diff_request_tiles() == 0
    #else
      return false
    #endif
  }()
}
