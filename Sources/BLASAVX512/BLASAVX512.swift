/// The BLAS backend's loops for the `avx512` instruction set.

package import BLASArithmetic

extension BLASArithmetic {
  package static var avx512: BLASArithmetic { loops("avx512") }
}
