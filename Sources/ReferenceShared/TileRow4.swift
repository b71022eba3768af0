/// A row of the tile where there are 32 vector registers: four adjacent vectors.
///
/// Ten loads then serve 24 multiply-adds, where two vectors take eight for twelve: a core whose other half
/// belongs to somebody else has few instructions to spare.
struct TileRow {
  static var vectors: Int { 4 }
  private var x = Vector.zero
  private var y = Vector.zero
  private var z = Vector.zero
  private var w = Vector.zero

  @inline(__always)
  init() {}

  @inline(__always)
  init(_ address: UnsafePointer<Double>) {
    x = load(address)
    y = load(address + lanes)
    z = load(address + 2 &* lanes)
    w = load(address + 3 &* lanes)
  }

  @inline(__always)
  mutating func addProduct(_ s: Double, _ row: TileRow) {
    let repeated = Vector(repeating: s)
    x = multiplyAdd(repeated, row.x, x)
    y = multiplyAdd(repeated, row.y, y)
    z = multiplyAdd(repeated, row.z, z)
    w = multiplyAdd(repeated, row.w, w)
  }

  @inline(__always)
  func write(to address: UnsafeMutablePointer<Double>) {
    store(x, address)
    store(y, address + lanes)
    store(z, address + 2 &* lanes)
    store(w, address + 3 &* lanes)
  }
}
