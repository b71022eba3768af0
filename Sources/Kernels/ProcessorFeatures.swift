/// Which vector instructions this processor has and its operating system keeps registers for.

import CProcessor

struct ProcessorFeatures {
  var hasAVX512 = false
  var hasAVX2 = false

  /// Asks CPUID and XCR0.
  /// - Note: Source Intel SDM volume 1, 14.3 and 15.2: OSXSAVE before XGETBV, then the state bits.
  static func detect() -> ProcessorFeatures {
    var features = ProcessorFeatures()
    #if arch(x86_64)
      let basic = encoder_diff_cpuid(1, 0, 2)
      let hasOSXSAVE = basic & (1 << 27) != 0
      let hasFMA = basic & (1 << 12) != 0
      guard hasOSXSAVE, hasFMA else { return features }
      let states = encoder_diff_xcr0()
      let extended = encoder_diff_cpuid(7, 0, 1)
      features.hasAVX2 = states & 0x6 == 0x6 && extended & (1 << 5) != 0
      // F, DQ, CD, BW, VL: what -march=skylake-avx512 may emit.
      let needed: UInt32 = 1 << 16 | 1 << 17 | 1 << 28 | 1 << 30 | 1 << 31
      features.hasAVX512 = features.hasAVX2 && states & 0xE6 == 0xE6 && extended & needed == needed
    #endif
    return features
  }
}
