/// The kernels that multiply in tile registers, under one table.

package import KernelTable

/// Products and attention in AMX: every Float32 as three bfloat16, whose products are exact and are
/// summed in Float32. Everything else as with AVX-512.
///
/// Call only on a processor that has AVX-512 and AMX-BF16, in a process that may use its tiles.
package func amxKernels() -> KernelTable {
  KernelTable(
    name: "amx", tileRows: tileRows, panelWidth: panelWidth, panelSize: blockSize,
    splitBlocks: splitBlocks, packTransposed: packTransposed, packRows: packRows,
    product: product, attention: attention, layerNorm: layerNorm, softmax: softmaxRows,
    gelu: geluRows, exponential: exponentialRows, errorFunction: errorFunctionRows, add: addRows,
    spinFMA: spinFMA)
}
