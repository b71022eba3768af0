/// The BLAS backend's loops for the `portable` instruction set.

package import BLASArithmetic

extension BLASArithmetic {
  package static var portable: BLASArithmetic { loops("portable") }
}
