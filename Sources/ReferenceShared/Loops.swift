/// The loops of this instruction set in one value.
import ReferenceArithmetic

/// A table of the loops that share these sources.
func loops(_ name: String) -> ReferenceArithmetic {
  ReferenceArithmetic(
    name: name, tileRows: tileRows, tileColumns: tileColumns,
    multiplyTile: {
      multiplyTile(depth: $0, a: $1, aStride: $2, b: $3, c: $4, cStride: $5, accumulates: $6)
    },
    softmaxRow: { softmaxRow($0, count: $1, paddingKeys: $2) },
    geluRow: { geluRow($0, $1, count: $2) })
}
