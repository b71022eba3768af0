/// Every kernel one element at a time: what the vectorised ones are tested against, and what runs
/// on processors that have none of their instruction sets.

package import KernelTable

/// Runs anywhere.
package func scalarKernels() -> KernelTable {
  KernelTable(
    name: "scalar", tileRows: tileRows, panelWidth: panelWidth,
    panelSize: { panelWidth * $0 }, packTransposed: packTransposed, packRows: packRows,
    product: product, attention: attention, layerNorm: layerNorm, softmax: softmaxRows,
    gelu: geluRows, exponential: exponentialRows, errorFunction: errorFunctionRows, add: addRows,
    spinFMA: spinFMA)
}

private func spinFMA(_ iterations: Int) -> Double {
  var x: Float = 1
  for _ in 0..<iterations { x = Float(1e-6).addingProduct(x, 0.999_999) }
  return x.isNaN ? 0 : Double(iterations) * 2
}
