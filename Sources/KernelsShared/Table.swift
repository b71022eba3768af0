/// The kernels of this instruction set under one table.

import KernelTable

/// A table of the kernels that share these sources.
func vectorisedKernels(_ name: String) -> KernelTable {
  KernelTable(
    name: name, tileRows: tileRows, panelWidth: panelWidth,
    panelSize: { panelWidth * $0 }, packTransposed: packTransposed, packRows: packRows,
    product: product, attention: attention, layerNorm: layerNorm, softmax: softmaxRows,
    gelu: geluRows, exponential: exponentialRows, errorFunction: errorFunctionRows, add: addRows,
    spinFMA: spinFMA)
}
