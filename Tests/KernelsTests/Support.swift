/// What the tests of kernels share.

import KernelTable
import Kernels
import KernelsNEON

/// Every table that can be tested here. The one for NEON compiles to plain 128-bit vectors on other
/// processors, so its source is run there too.
let testedTables: [KernelTable] = KernelTable.available + [neonKernels()]

/// Seeded noise between −1 and 1.
func noise(_ count: Int, seed: UInt64) -> [Float] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
  return (0..<count).map { _ in
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Float(Int32(truncatingIfNeeded: state >> 33)) * 0x1p-31
  }
}
