/// A graph as JSON with sorted keys, one node an object.

extension Graph {
  /// `{"input", "nodes": [{"attributes", "inputs", "kind", "name", "output", "shape"}], "output",
  /// "taps": [{"name", "value"}]}`; values are numbers.
  package var json: String {
    let nodes = nodes.map { node in
      let attributes = attributes(of: node).sorted { $0.name < $1.name }
        .map { "\(Self.string($0.name)): \(Self.string($0.value))" }.joined(separator: ", ")
      let inputs = node.inputs.map { "\($0.index)" }.joined(separator: ", ")
      let value = self[node.output]
      return """
            {"attributes": {\(attributes)}, "inputs": [\(inputs)], \
        "kind": \(Self.string(node.operation.kind)), "name": \(Self.string(value.name)), \
        "output": \(node.output.index), "shape": \(value.shape)}
        """
    }
    let taps = taps.map { "{\"name\": \(Self.string($0.name)), \"value\": \($0.value.index)}" }
    return """
      {
        "input": \(input.index),
        "nodes": [
      \(nodes.joined(separator: ",\n"))
        ],
        "output": \(output.index),
        "taps": [\(taps.joined(separator: ", "))]
      }

      """
  }

  private static func string(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
