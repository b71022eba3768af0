/// The comparison's loops for the `avx512` instruction set.

package import ParityArithmetic

extension ParityArithmetic {
  package static var avx512: ParityArithmetic { loops("avx512") }
}
