import EncoderModel

/// Finds the tap that a foreign tensor's name means: OpenAI's and Hugging Face's module paths,
/// whisper.cpp's and MAX's names, with any separators and wrappers.
struct TapNames {
  /// How sure a name makes us.
  enum Certainty: Int, Comparable {
    /// A name that other values carry too, such as `output`: to be checked by values.
    case likely
    /// A module's or an operation's own name.
    case certain
    /// The tap's name itself.
    case exact

    static func < (left: Certainty, right: Certainty) -> Bool { left.rawValue < right.rawValue }
  }

  struct Meaning: Equatable {
    /// One tap, or query, key and value of a fused projection.
    let taps: [String]
    let certainty: Certainty
  }

  private var meanings: [String: Meaning] = [:]
  private let tapNames: Set<String>

  init(_ program: EncoderProgram) {
    tapNames = Set(program.tapNames)
    let numLayers = program.dimensions.numAudioLayers
    for (alias, tap) in stemAliases { add("encoder.\(alias)", [tap], .certain) }
    for (alias, tap) in stemAliases { add(alias, [tap], .certain) }
    for (alias, tap) in outputAliases { add(alias, [tap], .likely) }
    for index in 0..<numLayers {
      let block = "encoder.blocks.\(index)"
      for prefix in blockPrefixes {
        for (alias, tap) in blockAliases {
          add("\(prefix).\(index).\(alias)", ["\(block).\(tap)"], .certain)
        }
        for alias in ["", ".output", ".block_out", ".residual"] {
          add("\(prefix).\(index)\(alias)", [block], .certain)
        }
        for alias in fusedAliases {
          let parts = ["query", "key", "value"].map { "\(block).attn.\($0)" }
          add("\(prefix).\(index).\(alias)", parts, .certain)
        }
      }
      add("encoder_attentions.\(index)", ["\(block).attn.probs"], .likely)
      add("attentions.\(index)", ["\(block).attn.probs"], .likely)
    }
    // Hugging Face's tuple: the embedding, every block but the last, then the normed output.
    for index in 0...numLayers {
      let tap =
        index == 0
        ? "encoder.embed"
        : index == numLayers ? "encoder.ln_post" : "encoder.blocks.\(index - 1)"
      for prefix in ["encoder_hidden_states", "hidden_states"] {
        add("\(prefix).\(index)", [tap], .likely)
      }
    }
  }

  private mutating func add(_ alias: String, _ taps: [String], _ certainty: Certainty) {
    let key = squeezed(alias)
    if meanings[key] == nil { meanings[key] = Meaning(taps: taps, certainty: certainty) }
  }

  /// What `name` means, or `nil`.
  func meaning(of name: String) -> Meaning? {
    if tapNames.contains(name) { return Meaning(taps: [name], certainty: .exact) }
    if name.contains("/"), let meaning = onnxMeaning(of: name) { return meaning }
    let parts = withoutOutputSuffix(name).split { ".:/\\".contains($0) }
    // Wrappers in front (`model.`, `whisper.model.`): the longest tail that is known.
    for start in 0..<min(parts.count, 5) {
      if let meaning = meanings[squeezed(parts[start...].joined(separator: "."))] {
        // Deep inside other people's modules only a path of a block is telling.
        let isBare = start > 0 && parts.count - start == 1
        return isBare ? Meaning(taps: meaning.taps, certainty: .likely) : meaning
      }
    }
    return nil
  }

  /// What `name` is where it is no tap but something that dumps often hold.
  func knownOther(_ name: String) -> String? {
    let name = withoutOutputSuffix(name)
    if name.hasSuffix("embed_positions") || name.hasSuffix("positional_embedding") {
      return "the position table: a weight"
    }
    if name.hasPrefix("decoder") || name.contains(".decoder.") { return "the decoder's" }
    guard name.hasPrefix("/") else { return nil }
    return name.hasSuffix("/MatMul")
      ? "a product before its bias" : "an intermediate value between taps"
  }

  /// `encoder.blocks.0`, `encoder_blocks_0`, `Encoder/Blocks/0` are one key; digits stay apart.
  private func squeezed(_ name: String) -> String {
    var key = ""
    var separator = false
    for character in name.lowercased() {
      guard character.isLetter || character.isNumber else {
        separator = true
        continue
      }
      if separator, let last = key.last, last.isNumber, character.isNumber { key.append(".") }
      separator = false
      key.append(character)
    }
    return key
  }

  /// `.output`, `_output_0`, `:0` and file extensions say nothing.
  private func withoutOutputSuffix(_ name: String) -> String {
    var name = name
    for suffix in [".npy", ":0", "_output_0", ".output.0", ".output"] where name.hasSuffix(suffix) {
      name.removeLast(suffix.count)
    }
    return name
  }
}

extension TapNames {
  /// ONNX node outputs as torch names them: `/encoder/blocks.0/attn/query/Add_output_0`.
  private func onnxMeaning(of name: String) -> Meaning? {
    var parts = withoutOutputSuffix(name).split(separator: "/").map(String.init)
    guard parts.count >= 2 || name.hasPrefix("/"), let operation = parts.popLast() else {
      return nil
    }
    // A member of a Sequential repeats its parent: `mlp/mlp.0`.
    var modules: [String] = []
    for part in parts {
      if let last = modules.last, part.hasPrefix(last + ".") { modules.removeLast() }
      modules.append(part)
    }
    let path = modules.joined(separator: ".")
    guard let canonical = canonicalModulePath(path) ?? (modules.count <= 1 ? "encoder" : nil),
      !canonical.hasPrefix("decoder")
    else { return nil }
    return onnxTap(module: canonical, operation: operation).map {
      tapNames.contains($0.tap)
        ? Meaning(taps: [$0.tap], certainty: $0.certainty) : nil
    } ?? nil
  }

  /// The tap that `operation` of `module` makes; `nil` for its intermediate values.
  private func onnxTap(
    module: String, operation: String
  ) -> (tap: String, certainty: Certainty)? {
    let last = module.split(separator: ".").last.map(String.init) ?? ""
    if module == "encoder" {
      // GELU written out: x·(1 + erf(x/√2))·½ twice, then the position.
      let taps = ["Mul_1": "encoder.gelu1", "Mul_3": "encoder.gelu2", "Add_2": "encoder.embed"]
      return taps[operation].map { ($0, .likely) }
    }
    switch last {
    case "conv1", "conv2": return operation == "Conv" ? (module, .certain) : nil
    case "query", "value", "out", "0", "2":
      if module.hasSuffix("blocks.\(last)") { break }
      return ["Add", "Gemm"].contains(operation) ? (module, .certain) : nil
    case "key": return ["MatMul", "Gemm"].contains(operation) ? (module, .certain) : nil
    case "attn_ln", "mlp_ln", "ln_post":
      return ["LayerNormalization", "Add_1"].contains(operation) ? (module, .certain) : nil
    case "1" where module.hasSuffix(".mlp.1"), "activation_fn", "act":
      let path = last == "1" ? module : module.replacingLast(with: "mlp.1")
      return ["Mul_1", "Gelu"].contains(operation) ? (path, .certain) : nil
    case "attn":
      let taps = ["MatMul": "scores", "Softmax": "probs", "MatMul_1": "context"]
      return taps[operation].map { ("\(module).\($0)", .certain) }
    default: break
    }
    let taps = ["Add": "\(module).attn_residual", "Add_1": module]
    return taps[operation].map { ($0, .certain) }
  }
}

extension String {
  /// The dotted path with its last component exchanged.
  fileprivate func replacingLast(with part: String) -> String {
    guard let dot = lastIndex(of: ".") else { return part }
    return self[...dot] + part
  }
}
