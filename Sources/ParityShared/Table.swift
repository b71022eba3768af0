/// The loops of this instruction set in one value.
import ParityArithmetic

/// A table of the loops that share these sources.
func loops(_ name: String) -> ParityArithmetic {
  ParityArithmetic(
    name: name, figures: { figures($0, $1, $2, $3) }, errors: { errors($0, $1, $2, $3, $4) },
    differences: { differences($0, $1, $2, $3) }, addSquares: { addSquares($0, $1, $2, $3) },
    weightedSquares: { weightedSquares($0, $1, $2) }, scores: { scoreRange($0, $1, $2) },
    attention: { attentionRow($0, $1, $2, $3, $4, $5) })
}
