/// The name closest to `text` by edit distance, or `nil` where none is near.
package func nearestName(to text: String, among names: [String]) -> String? {
  let scored = names.map { (name: $0, distance: editDistance(text, $0)) }
  guard let best = scored.min(by: { $0.distance < $1.distance }) else { return nil }
  if best.distance <= max(2, text.count / 2) { return best.name }
  return names.first { $0.contains(text) }
}

/// Levenshtein's distance over characters.
func editDistance(_ first: String, _ second: String) -> Int {
  let target = Array(second)
  var row = Array(0...target.count)
  for (i, character) in first.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for j in target.indices {
      let cost = min(row[j] + 1, row[j + 1] + 1, diagonal + (character == target[j] ? 0 : 1))
      diagonal = row[j + 1]
      row[j + 1] = cost
    }
  }
  return row[target.count]
}
