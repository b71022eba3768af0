/// The softmax of a tile of queries over blocks of keys, in pieces between the products of tiles.

/// Scores, powers and what belongs to them; blocks take turns with two places each.
struct SoftmaxTile {
  /// scale·log₂e.
  let factor: Float
  let rowCount: Int
  let blockPanels: Int
  private let memory: UnsafeMutablePointer<Float>

  private static let sumsSize = tileRows * panelWidth

  init(factor: Float, rowCount: Int, blockPanels: Int, memory: UnsafeMutablePointer<Float>) {
    self.factor = factor
    self.rowCount = rowCount
    self.blockPanels = blockPanels
    self.memory = memory
    totals.update(repeating: 0, count: tileRows * lanes)
    maxima.update(repeating: -.infinity, count: tileRows)
    // Rows that do not exist keep powers of zero.
    powers(of: 0).update(repeating: 0, count: 2 * blockPanels * stepSize)
  }

  /// `[blockPanels, 32, 32]`.
  @inline(__always)
  func scores(of block: Int) -> UnsafeMutablePointer<Float> {
    memory + (block & 1) * blockPanels * Self.sumsSize
  }

  /// `[blockPanels]` steps.
  @inline(__always)
  func powers(of block: Int) -> UnsafeMutablePointer<Float> {
    memory + 2 * blockPanels * Self.sumsSize + (block & 1) * blockPanels * stepSize
  }

  /// `[32, lanes]`: lane sums of the powers.
  @inline(__always)
  var totals: UnsafeMutablePointer<Float> {
    memory + 2 * blockPanels * (Self.sumsSize + stepSize)
  }

  /// `[32]`: the largest scores so far.
  @inline(__always)
  var maxima: UnsafeMutablePointer<Float> { totals + tileRows * lanes }

  /// `[32]`: the largest scores of the block that comes.
  @inline(__always)
  var found: UnsafeMutablePointer<Float> { maxima + tileRows }

  /// `[32]`: what the sums before a block are multiplied by. Three places: a block's are found while
  /// those of the last are still to be used, and those of the one before are in use.
  @inline(__always)
  func factors(of block: Int) -> UnsafeMutablePointer<Float> {
    found + tileRows + block % 3 * tileRows
  }

  /// Beyond this distance the power is below 2^−126: nothing in a sum that holds a one.
  @inline(__always)
  var floor: Vector { Vector(repeating: -126 / factor) }

  /// Takes the maxima that were found for a block; what was summed up under smaller ones is rescaled, the
  /// totals now, the sums when the block's mean is added.
  func raiseMaxima(for block: Int) {
    let factors = factors(of: block)
    for i in 0..<rowCount {
      let previous = maxima[i]
      let next = found[i]
      factors[i] = 1
      guard next > previous else { continue }
      maxima[i] = next
      if block == 0 { continue }
      let distance = larger(floor, Vector(repeating: previous - next))
      let power = powerOfTwo(distance, factor: Vector(repeating: factor))
      store(load(totals + i * lanes) * power, totals + i * lanes)
      factors[i] = power[0]
    }
  }
}

/// What the vector registers have to do: a mean to add, scores to raise to powers, maxima to find, in
/// this order.
struct SoftmaxWork: Companion {
  private let tile: SoftmaxTile
  private let floor: Vector
  private let factor: Vector

  private var mean: UnsafeMutablePointer<Float>
  private var sums: UnsafeMutablePointer<Float>
  private var factors: UnsafeMutablePointer<Float>
  private var addedRows = tileRows

  private var scores: UnsafeMutablePointer<Float>
  private var powers: UnsafeMutablePointer<Float>
  /// Rows of 32 scores: which comes next, how many there are, in how many pieces.
  private var powerRow = 0
  private var powerRows = 0
  private var powerPieces = 1
  private var credit = 0

  private var searched: UnsafeMutablePointer<Float>
  private var searchPanels = 1
  private var searchedRows = tileRows

  init(_ tile: SoftmaxTile) {
    self.tile = tile
    floor = tile.floor
    factor = Vector(repeating: tile.factor)
    mean = tile.totals
    sums = mean
    factors = mean
    scores = mean
    powers = mean
    searched = mean
  }

  /// That half of `means` which no unfinished work reads.
  func freeMean(_ means: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Float> {
    mean == means ? means + tileRows * panelWidth : means
  }

  /// Takes on sums·factor + mean.
  mutating func add(
    _ mean: UnsafeMutablePointer<Float>, to sums: UnsafeMutablePointer<Float>, block: Int
  ) {
    addRows(tile.rowCount)
    self.mean = mean
    self.sums = sums
    factors = tile.factors(of: block)
    addedRows = 0
  }

  /// Takes on a block's powers, to be done in about so many pieces.
  mutating func makePowers(_ block: Int, panels: Int, pieces: Int) {
    scores = tile.scores(of: block)
    powers = tile.powers(of: block)
    powerRow = 0
    powerRows = panels * tileRows
    powerPieces = max(1, pieces - Self.searchPieces)
    credit = 0
  }

  /// Takes on the search for a block's largest scores.
  mutating func search(_ block: Int, panels: Int) {
    searched = tile.scores(of: block)
    searchPanels = panels
    searchedRows = 0
  }

  private static let rowsPerPiece = 4
  private static let searchPieces = tileRows / rowsPerPiece

  @inline(__always)
  mutating func advance() {
    if addedRows < tile.rowCount { addRows(min(addedRows &+ Self.rowsPerPiece, tile.rowCount)) }
    if powerRow < powerRows {
      credit &+= powerRows
      if credit >= powerPieces { makePowers() }
    } else if searchedRows < tile.rowCount {
      searchRows(min(searchedRows &+ Self.rowsPerPiece, tile.rowCount))
    }
  }

  /// Does what is left of powers and search.
  mutating func finishPowers() {
    credit = powerPieces * (powerRows - powerRow)
    makePowers()
    searchRows(tile.rowCount)
  }

  /// Does all that is left.
  mutating func finish() {
    addRows(tile.rowCount)
    finishPowers()
  }

  @inline(never)
  private mutating func addRows(_ end: Int) {
    while addedRows < end {
      let at = addedRows &* panelWidth
      let factor = Vector(repeating: factors[addedRows])
      store(load(mean + at).addingProduct(load(sums + at), factor), sums + at)
      store(
        load(mean + at + lanes).addingProduct(load(sums + at + lanes), factor), sums + at + lanes)
      addedRows &+= 1
    }
  }

  /// Scores become e^(scale·(score − max)), cut into parts, as many rows as there is credit for.
  @inline(never)
  private mutating func makePowers() {
    let totals = tile.totals
    let maxima = tile.maxima
    var row = powerRow
    while credit >= powerPieces && row < powerRows {
      credit &-= powerPieces
      let i = row & (tileRows &- 1)
      if i < tile.rowCount {
        let source = scores + row &* panelWidth
        let shift = Vector(repeating: maxima[i])
        let first = powerOfTwo(larger(floor, load(source) - shift), factor: factor)
        let second = powerOfTwo(larger(floor, load(source + lanes) - shift), factor: factor)
        let total = totals + i &* lanes
        store(load(total) + (first + second), total)
        // Rows of a tile lie one behind the other, and so do its two halves.
        storeParts(
          splitPairs(first, second), powers + (row / tileRows) &* stepSize + i &* lanes)
      }
      row &+= 1
    }
    powerRow = row
  }

  @inline(never)
  private mutating func searchRows(_ end: Int) {
    while searchedRows < end {
      let row = searched + searchedRows &* panelWidth
      var best = load(row)
      var second = load(row + lanes)
      for panel in 1..<max(searchPanels, 1) {
        let next = row + panel &* tileRows &* panelWidth
        best = larger(best, load(next))
        second = larger(second, load(next + lanes))
      }
      tile.found[searchedRows] = largest(larger(best, second))
      searchedRows &+= 1
    }
  }
}
