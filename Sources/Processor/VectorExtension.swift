import CProcessor

/// The widest vectors that a processor offers and its operating system keeps registers for.
package enum VectorExtension: Sendable {
  /// What every processor of the architecture has.
  case baseline
  /// AVX2 and FMA: what `-march=haswell` may emit.
  case avx2
  /// AVX-512 F, DQ, CD, BW and VL: what `-march=skylake-avx512` may emit.
  case avx512

  /// Asks CPUID and XCR0.
  /// - Note: Source Intel SDM volume 1, 14.3 and 15.2: OSXSAVE before XGETBV, then the state bits.
  package static let ofThisProcessor: VectorExtension = {
    #if arch(x86_64)
      let osxsaveAndFMA: UInt32 = 1 << 27 | 1 << 12
      guard encoder_diff_cpuid(1, 0, 2) & osxsaveAndFMA == osxsaveAndFMA else { return .baseline }
      let saved = encoder_diff_xcr0()
      let extended = encoder_diff_cpuid(7, 0, 1)
      guard saved & 0x6 == 0x6, extended & (1 << 5) != 0 else { return .baseline }
      let avx512: UInt32 = 1 << 16 | 1 << 17 | 1 << 28 | 1 << 30 | 1 << 31
      return saved & 0xE6 == 0xE6 && extended & avx512 == avx512 ? .avx512 : .avx2
    #else
      return .baseline
    #endif
  }()

  /// Those of `avx512`, `avx2` and `baseline` that run here, the widest first.
  package func choose<Loops>(avx512: Loops, avx2: Loops, baseline: Loops) -> [Loops] {
    switch self {
    case .avx512: [avx512, avx2, baseline]
    case .avx2: [avx2, baseline]
    case .baseline: [baseline]
    }
  }
}
