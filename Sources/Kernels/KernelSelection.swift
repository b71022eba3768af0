/// The kernels for this processor, chosen once.

package import KernelTable
import KernelsNEON
import KernelsScalar
import Processor

#if arch(x86_64)
  import KernelsAMX
  import KernelsAVX2
  import KernelsAVX512
#endif

extension KernelTable {
  /// Every table that this processor can run, fastest first; the scalar one is always last.
  package static let available: [KernelTable] = {
    var tables: [KernelTable] = []
    #if arch(x86_64)
      if TileRegisters.areAvailable { tables.append(amxKernels()) }
      switch VectorExtension.ofThisProcessor {
      case .avx512: tables += [avx512Kernels(), avx2Kernels()]
      case .avx2: tables.append(avx2Kernels())
      case .baseline: break
      }
    #elseif arch(arm64)
      tables.append(neonKernels())
    #endif
    return tables + [scalarKernels()]
  }()

  /// The fastest table.
  package static let best: KernelTable = available[0]
}
