/// What an instruction set offers: one function pointer a kernel, and the tile that it works in.
///
/// Kernels take raw addresses and sizes only, allocate nothing and keep nothing. A table crosses
/// from the module that was compiled for an instruction set to those that were not; code does not.
package struct KernelTable: Sendable {
  /// `amx`, `avx512`, `avx2`, `neon` or `scalar`.
  package let name: String
  /// Rows of a register tile.
  package let tileRows: Int
  /// Columns of a register tile, and of a packed panel.
  package let panelWidth: Int

  /// Floats of a packed panel over a depth.
  package let panelSize: @Sendable (_ depth: Int) -> Int
  /// Cuts rows of A ahead of several products that read them, where products read them cut: blocks of
  /// `tileRows` rows, each of `panelSize` floats.
  package let splitBlocks: (@Sendable (SplitArguments) -> Void)?

  /// Packs `[columns, depth]` (a weight matrix, keys) into panels of `panelWidth` columns.
  package let packTransposed: @Sendable (PackArguments) -> Void
  /// Packs `[depth, columns]` (values) into panels of `panelWidth` columns.
  package let packRows: @Sendable (PackArguments) -> Void
  /// Rows × panels of a product, with its epilogue.
  package let product: @Sendable (ProductArguments) -> Void
  /// Whole query tiles of one head: softmax(scale·q·kᵀ)·v without the probabilities in memory.
  package let attention: @Sendable (AttentionArguments) -> Void
  /// Layer norm of rows.
  package let layerNorm: @Sendable (LayerNormArguments) -> Void
  /// Softmax of rows.
  package let softmax: @Sendable (RowsArguments) -> Void
  /// Exact GELU of rows.
  package let gelu: @Sendable (RowsArguments) -> Void
  /// eˣ of rows.
  package let exponential: @Sendable (RowsArguments) -> Void
  /// erf(x) of rows.
  package let errorFunction: @Sendable (RowsArguments) -> Void
  /// First + second, rows of both.
  package let add: @Sendable (AddArguments) -> Void
  /// `iterations` rounds of independent fused multiply-adds; returns how many flops that were.
  package let spinFMA: @Sendable (_ iterations: Int) -> Double

  package init(
    name: String, tileRows: Int, panelWidth: Int,
    panelSize: @escaping @Sendable (Int) -> Int,
    splitBlocks: (@Sendable (SplitArguments) -> Void)? = nil,
    packTransposed: @escaping @Sendable (PackArguments) -> Void,
    packRows: @escaping @Sendable (PackArguments) -> Void,
    product: @escaping @Sendable (ProductArguments) -> Void,
    attention: @escaping @Sendable (AttentionArguments) -> Void,
    layerNorm: @escaping @Sendable (LayerNormArguments) -> Void,
    softmax: @escaping @Sendable (RowsArguments) -> Void,
    gelu: @escaping @Sendable (RowsArguments) -> Void,
    exponential: @escaping @Sendable (RowsArguments) -> Void,
    errorFunction: @escaping @Sendable (RowsArguments) -> Void,
    add: @escaping @Sendable (AddArguments) -> Void,
    spinFMA: @escaping @Sendable (Int) -> Double
  ) {
    self.name = name
    self.tileRows = tileRows
    self.panelWidth = panelWidth
    self.panelSize = panelSize
    self.splitBlocks = splitBlocks
    self.packTransposed = packTransposed
    self.packRows = packRows
    self.product = product
    self.attention = attention
    self.layerNorm = layerNorm
    self.softmax = softmax
    self.gelu = gelu
    self.exponential = exponential
    self.errorFunction = errorFunction
    self.add = add
    self.spinFMA = spinFMA
  }

  /// Panels that `columns` columns take.
  package func panels(_ columns: Int) -> Int { (columns + panelWidth - 1) / panelWidth }

  /// Floats of `columns` columns packed over `depth`.
  package func packedCount(columns: Int, depth: Int) -> Int {
    panels(columns) * panelSize(depth)
  }
}
