/// A row of the tile where there are 16 vector registers: two adjacent vectors.
struct TileRow {
  static var vectors: Int { 2 }
  private var x = Vector.zero
  private var y = Vector.zero

  @inline(__always)
  init() {}

  @inline(__always)
  init(_ address: UnsafePointer<Double>) {
    x = load(address)
    y = load(address + lanes)
  }

  @inline(__always)
  mutating func addProduct(_ s: Double, _ row: TileRow) {
    let repeated = Vector(repeating: s)
    x = multiplyAdd(repeated, row.x, x)
    y = multiplyAdd(repeated, row.y, y)
  }

  @inline(__always)
  func write(to address: UnsafeMutablePointer<Double>) {
    store(x, address)
    store(y, address + lanes)
  }
}
