/// Where a tap belongs in a picture: its block, and what it is called inside.
struct TapPlace: Hashable {
  enum Group: Hashable {
    case stem
    case block(Int)
    case end
  }
  let group: Group
  /// The name inside the group: `attn.query`, or `output` for a block's own.
  let name: String

  init(_ tap: String) {
    let path = tap.split(separator: ".").map(String.init)
    if path.count >= 3, path[0] == "encoder", path[1] == "blocks", let index = Int(path[2]) {
      group = .block(index)
      name = path.count == 3 ? "output" : path[3...].joined(separator: ".")
      return
    }
    group = tap == "encoder.ln_post" ? .end : .stem
    name = tap.hasPrefix("encoder.") ? String(tap.dropFirst(8)) : tap
  }

  /// Short text beside an axis.
  var label: String {
    switch group {
    case .block(let index): name == "output" ? "block \(index)" : "\(index).\(Self.short(name))"
    case .stem, .end: name
    }
  }

  /// What stands in a box.
  static func short(_ name: String) -> String {
    switch name {
    case "attn.query": "q"
    case "attn.key": "k"
    case "attn.value": "v"
    case "attn.scores": "scores"
    case "attn.probs": "softmax"
    case "attn.context": "context"
    case "attn.out": "out"
    case "mlp.0": "fc1"
    case "mlp.1": "gelu"
    case "mlp.2": "fc2"
    default: name
    }
  }
}
