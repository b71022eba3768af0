/// The reference's loops for the `portable` instruction set.

package import ReferenceArithmetic

extension ReferenceArithmetic {
  package static var portable: ReferenceArithmetic { loops("portable") }
}
