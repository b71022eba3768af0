/// The BLAS backend's loops for the `avx512` instruction set.

package import BLASArithmetic

extension BLASArithmetic {
  package static let avx512 = loops("avx512")
}
