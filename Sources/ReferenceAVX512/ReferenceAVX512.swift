/// The reference's loops for the `avx512` instruction set.

package import ReferenceArithmetic

extension ReferenceArithmetic {
  package static let avx512 = loops("avx512")
}
