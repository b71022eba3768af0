/// The loops of this instruction set in one value.
import BLASArithmetic

/// A table of the loops that share these sources.
func loops(_ name: String) -> BLASArithmetic {
  BLASArithmetic(
    name: name, softmaxRow: { softmaxRow($0, count: $1, paddingKeys: $2) },
    geluRow: { geluRow($0, $1, count: $2) },
    layerNormRow: { layerNormRow($0, $1, count: $2, epsilon: $3, gain: $4, offset: $5) },
    addRow: { addRow($0, $1, $2, count: $3) })
}
