import Dispatch
import TensorCore

/// A 64-bit content hash of Float32 weights: equal bits under equal names give equal hashes.
///
/// Elements are hashed in pieces of 256 Ki on all cores, each in eight lanes of
/// multiply–xor–rotate; pieces and tensors are then chained in order, so that the result does not
/// depend on the number of threads. It finds differing weights; it withstands no adversary.
enum WeightsHash {
  /// The hash of all `names` of `weights`, hexadecimal.
  /// - Throws: `ModelError` of a weight that cannot be read.
  static func hash(_ names: [String], of weights: any WeightSource) throws -> String {
    var state = seed
    for name in names.sorted() {
      let tensor = try weights.weight(name)
      state = chain(state, fnv1a(name.utf8))
      for extent in tensor.shape { state = chain(state, UInt64(extent)) }
      tensor.withFloat32 { elements in
        for piece in pieceHashes(UnsafeRawBufferPointer(elements)) { state = chain(state, piece) }
      }
    }
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static let seed: UInt64 = 0x9E37_79B9_7F4A_7C15
  private static let prime: UInt64 = 0x9FB2_1C65_1E98_DF25
  private static let pieceBytes = 1 << 20

  private static func chain(_ state: UInt64, _ value: UInt64) -> UInt64 {
    let product = (state ^ value) &* prime
    return (product ^ (product >> 32)) &+ seed
  }

  private static func pieceHashes(_ bytes: UnsafeRawBufferPointer) -> [UInt64] {
    let count = (bytes.count + pieceBytes - 1) / pieceBytes
    return [UInt64](unsafeUninitializedCapacity: count) { target, initializedCount in
      // Each iteration writes its own element.
      nonisolated(unsafe) let target = target
      nonisolated(unsafe) let bytes = bytes
      DispatchQueue.concurrentPerform(iterations: count) { index in
        let end = min((index + 1) * pieceBytes, bytes.count)
        let piece = UnsafeRawBufferPointer(rebasing: bytes[(index * pieceBytes)..<end])
        target.initializeElement(at: index, to: pieceHash(piece))
      }
      initializedCount = count
    }
  }

  /// Eight independent lanes hide the multiplier's latency.
  private static func pieceHash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var lanes = SIMD8<UInt64>(1, 2, 3, 4, 5, 6, 7, 8) &* seed
    var offset = 0
    while offset + 64 <= bytes.count {
      let words = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self)
      let mixed = (lanes ^ words) &* SIMD8(repeating: prime)
      lanes = mixed ^ (mixed &>> 29)
      offset += 64
    }
    var state = UInt64(bytes.count)
    for lane in 0..<8 { state = chain(state, lanes[lane]) }
    while offset < bytes.count {
      state = chain(state, UInt64(bytes[offset]))
      offset += 1
    }
    return state
  }
}
