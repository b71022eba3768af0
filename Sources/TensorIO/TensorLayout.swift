/// Checked arithmetic on untrusted shapes; stands before every allocation.
import TensorCore

/// The most axes a tensor may have: numpy's own limit.
let maximumRank = 64

/// Bytes that `shape` needs in elements of `type`.
///
/// Extents of 0 count as 1 in the overflow check, so that no product of a part of the shape can
/// overflow later.
/// - Throws: `invalidShape` (negative extent, too many axes), `sizeOverflow`.
func checkedByteCount(
  _ shape: [Int], _ type: ScalarType, path: String, tensor: String?, at offset: Int? = nil
) throws(TensorIOError) -> Int {
  let count = try checkedElementCount(shape, path: path, tensor: tensor, at: offset)
  return count * type.byteWidth
}

/// Elements in `shape`; 8 bytes for each are known to fit an `Int`.
func checkedElementCount(
  _ shape: [Int], path: String, tensor: String?, at offset: Int? = nil
) throws(TensorIOError) -> Int {
  guard shape.count <= maximumRank else {
    throw TensorIOError(
      path, .invalidShape(found: "of \(shape.count) axes", expected: "at most \(maximumRank)"),
      tensor: tensor, at: offset)
  }
  var product = 8
  var isEmpty = false
  for extent in shape {
    guard extent >= 0 else {
      throw TensorIOError(
        path, .invalidShape(found: "\(shape)", expected: "extents of 0 or more"),
        tensor: tensor, at: offset)
    }
    isEmpty = isEmpty || extent == 0
    let (next, overflow) = product.multipliedReportingOverflow(by: max(extent, 1))
    guard !overflow else {
      throw TensorIOError(
        path, .sizeOverflow(what: "the size of shape \(shape)"), tensor: tensor, at: offset)
    }
    product = next
  }
  return isEmpty ? 0 : product / 8
}

/// The entry of `candidates` that differs from `name` by the fewest edits, if any is near.
func nearestName(to name: String, in candidates: [String]) -> String? {
  let target = Array(name.utf8.prefix(128))
  var best: (distance: Int, name: String)?
  for candidate in candidates.prefix(10_000) {
    let distance = editDistance(target, Array(candidate.utf8.prefix(128)))
    if distance < best?.distance ?? (target.count / 2 + 1) { best = (distance, candidate) }
  }
  return best?.name
}

/// Levenshtein distance in bytes.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  var row = Array(0...right.count)
  for (i, a) in left.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, b) in right.enumerated() {
      let substituted = diagonal + (a == b ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[right.count]
}
