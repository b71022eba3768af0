/// A graph for Graphviz.

extension Graph {
  /// A `digraph`: a box a node with name, operation and shape; observed values are drawn bold.
  package var dot: String {
    let observed = Set(taps.map(\.value))
    var lines = ["digraph encoder {", "  node [shape=box, fontname=\"monospace\"];"]
    for node in nodes {
      let value = self[node.output]
      var parts = [value.name, node.operation.kind, "\(value.shape)"]
      if let operand = node.inPlaceOperand { parts.append("over \(node.inputs[operand])") }
      let style = node.outputs.contains(where: observed.contains) ? ", style=bold" : ""
      let label = parts.map(Self.quoted).joined(separator: "\\n")
      lines.append("  v\(node.output.index) [label=\"\(label)\"\(style)];")
    }
    for node in nodes {
      for input in node.inputs {
        lines.append("  v\(source(of: input)) -> v\(node.output.index);")
      }
    }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  /// The box that stands for `value`: a side output is part of its node's box.
  private func source(of value: ValueID) -> Int {
    definition(of: value).map { nodes[$0].output.index } ?? value.index
  }

  private static func quoted(_ text: String) -> String {
    String(text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] })
  }
}
