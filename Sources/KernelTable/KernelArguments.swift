/// What kernels are called with: addresses, extents and strides in elements.
///
/// Plain data. Whoever fills them vouches for the addresses for the duration of the call.

/// A matrix to be cut into panels `[panel][depth][panelWidth]`; the last one is filled with zeros.
package struct PackArguments {
  package var source: UnsafePointer<Float>
  /// Elements from one row of the source to the next.
  package var sourceStride: Int
  package var columns: Int
  package var depth: Int
  /// Panels to write; `target` is where the first panel of the matrix lies.
  package var panels: Range<Int>
  package var target: UnsafeMutablePointer<Float>

  package init(
    source: UnsafePointer<Float>, sourceStride: Int, columns: Int, depth: Int, panels: Range<Int>,
    target: UnsafeMutablePointer<Float>
  ) {
    self.source = source
    self.sourceStride = sourceStride
    self.columns = columns
    self.depth = depth
    self.panels = panels
    self.target = target
  }
}

/// Rows of a matrix to be cut into blocks of a tile's rows each, as products read them.
package struct SplitArguments {
  package var a: UnsafePointer<Float>
  package var aStride: Int
  package var depth: Int
  package var rows: Int
  /// Tiles to write; `target` is where the block of the first tile lies.
  package var tiles: Range<Int>
  package var target: UnsafeMutablePointer<Float>

  package init(
    a: UnsafePointer<Float>, aStride: Int, depth: Int, rows: Int, tiles: Range<Int>,
    target: UnsafeMutablePointer<Float>
  ) {
    self.a = a
    self.aStride = aStride
    self.depth = depth
    self.rows = rows
    self.tiles = tiles
    self.target = target
  }
}

/// A destination or addend of a product: `[rows, columns]` with a row stride.
package struct MatrixAddress {
  package var base: UnsafeMutablePointer<Float>
  package var stride: Int

  package init(base: UnsafeMutablePointer<Float>, stride: Int) {
    self.base = base
    self.stride = stride
  }
}

/// out = residual + activation(alpha·(A·B + bias)), for some rows and panels.
///
/// A is read in `segments` of `segmentDepth` columns that lie `segmentStride` apart: a matrix has
/// one, a convolution one a tap. Sums run over chains of 16 terms, chains over pieces of 128 that
/// begin anew with every segment, and the pieces are added up: three levels, whose rounding error
/// grows with √(16 + 8 + pieces) instead of √depth.
package struct ProductArguments {
  package var a: UnsafePointer<Float>
  package var aStride: Int
  package var segments: Int = 1
  package var segmentDepth: Int
  package var segmentStride: Int = 0
  /// The rows of A, cut ahead, from row 0 on; read instead of `a`.
  package var split: UnsafePointer<Float>?
  /// Packed panels; their depth is segments·segmentDepth.
  package var packed: UnsafePointer<Float>
  package var rows: Range<Int>
  package var panels: Range<Int>
  /// Columns of the whole product.
  package var columns: Int
  package var alpha: Float = 1
  /// Readable for whole panels.
  package var bias: UnsafePointer<Float>?
  /// Whether GELU follows.
  package var activates = false
  package var residual: MatrixAddress?
  /// Where alpha·(A·B + bias) goes, if anywhere.
  package var beforeActivation: MatrixAddress?
  /// Where the activated value goes before the residual is added, if anywhere.
  package var beforeResidual: MatrixAddress?
  package var out: MatrixAddress
  /// Where the result goes cut, block by block, if anywhere; only for tables that cut.
  package var splitOut: UnsafeMutablePointer<Float>?
  /// Whether `out` is to be written beside `splitOut`.
  package var writesOut = true
  /// `scratchCount` floats of this thread, aligned to a cache line.
  package var scratch: UnsafeMutablePointer<Float>

  /// Floats of scratch that any kernel of any table may use.
  package static let scratchCount = 160 * 1024

  package init(
    a: UnsafePointer<Float>, aStride: Int, depth: Int, packed: UnsafePointer<Float>,
    rows: Range<Int>, panels: Range<Int>, columns: Int, out: MatrixAddress,
    scratch: UnsafeMutablePointer<Float>
  ) {
    self.a = a
    self.aStride = aStride
    segmentDepth = depth
    self.packed = packed
    self.rows = rows
    self.panels = panels
    self.columns = columns
    self.out = out
    self.scratch = scratch
  }
}

/// softmax(scale·q·kᵀ)·v for some query rows of one head.
package struct AttentionArguments {
  /// The head's first channel of query 0.
  package var query: UnsafePointer<Float>
  package var queryStride: Int
  /// The head's keys, packed transposed: panels over keys, depth `headDim`.
  package var keys: UnsafePointer<Float>
  /// The head's values, packed by rows: panels over channels, depth `frames`.
  package var values: UnsafePointer<Float>
  package var frames: Int
  package var headDim: Int
  package var scale: Double
  package var rows: Range<Int>
  /// The head's first channel of row 0.
  package var out: MatrixAddress
  /// Where the result goes cut, if anywhere: the first block of row 0, in which the head's steps begin
  /// with `splitStep` of `splitDepth` terms; only for tables that cut, and heads of whole steps.
  package var splitOut: UnsafeMutablePointer<Float>?
  package var splitStep = 0
  package var splitDepth = 0
  /// Whether `out` is to be written beside `splitOut`.
  package var writesOut = true
  package var scratch: UnsafeMutablePointer<Float>

  package init(
    query: UnsafePointer<Float>, queryStride: Int, keys: UnsafePointer<Float>,
    values: UnsafePointer<Float>, frames: Int, headDim: Int, scale: Double, rows: Range<Int>,
    out: MatrixAddress, scratch: UnsafeMutablePointer<Float>
  ) {
    self.query = query
    self.queryStride = queryStride
    self.keys = keys
    self.values = values
    self.frames = frames
    self.headDim = headDim
    self.scale = scale
    self.rows = rows
    self.out = out
    self.scratch = scratch
  }
}

/// y = (x − μ)/√(σ² + ε)·weight + bias, row by row.
package struct LayerNormArguments {
  package var source: UnsafePointer<Float>
  package var sourceStride: Int
  package var columns: Int
  package var rows: Range<Int>
  package var epsilon: Double
  package var weight: UnsafePointer<Float>
  package var bias: UnsafePointer<Float>
  package var out: MatrixAddress

  package init(
    source: UnsafePointer<Float>, sourceStride: Int, columns: Int, rows: Range<Int>,
    epsilon: Double, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>, out: MatrixAddress
  ) {
    self.source = source
    self.sourceStride = sourceStride
    self.columns = columns
    self.rows = rows
    self.epsilon = epsilon
    self.weight = weight
    self.bias = bias
    self.out = out
  }
}

/// A function of rows; `out` may be the source.
package struct RowsArguments {
  package var source: UnsafePointer<Float>
  package var sourceStride: Int
  package var columns: Int
  package var rows: Range<Int>
  package var out: MatrixAddress

  package init(
    source: UnsafePointer<Float>, sourceStride: Int, columns: Int, rows: Range<Int>,
    out: MatrixAddress
  ) {
    self.source = source
    self.sourceStride = sourceStride
    self.columns = columns
    self.rows = rows
    self.out = out
  }
}

/// first + second, row by row; `out` may be either.
package struct AddArguments {
  package var first: UnsafePointer<Float>
  package var firstStride: Int
  package var second: UnsafePointer<Float>
  package var secondStride: Int
  package var columns: Int
  package var rows: Range<Int>
  package var out: MatrixAddress

  package init(
    first: UnsafePointer<Float>, firstStride: Int, second: UnsafePointer<Float>, secondStride: Int,
    columns: Int, rows: Range<Int>, out: MatrixAddress
  ) {
    self.first = first
    self.firstStride = firstStride
    self.second = second
    self.secondStride = secondStride
    self.columns = columns
    self.rows = rows
    self.out = out
  }
}
