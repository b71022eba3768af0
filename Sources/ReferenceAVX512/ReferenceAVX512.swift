/// The reference's loops for the `avx512` instruction set.

package import ReferenceArithmetic

extension ReferenceArithmetic {
  package static var avx512: ReferenceArithmetic { loops("avx512") }
}
