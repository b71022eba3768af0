/// The comparison's loops for the `portable` instruction set.

package import ParityArithmetic

extension ParityArithmetic {
  package static var portable: ParityArithmetic { loops("portable") }
}
