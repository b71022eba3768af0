/// Which instruction set the reference's loops run on.
import Processor
import ReferenceAVX2
import ReferenceAVX512
package import ReferenceArithmetic
import ReferencePortable

extension ReferenceArithmetic {
  /// The widest that processor and operating system know.
  package static let best: ReferenceArithmetic = all[0]

  /// Every one that runs here, the widest first.
  package static let all: [ReferenceArithmetic] = VectorExtension.ofThisProcessor.choose(
    avx512: avx512, avx2: avx2, baseline: portable)
}
